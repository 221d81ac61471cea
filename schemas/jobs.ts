/** The jobs that Connect is asked for, and where each can stand. */

/** A state of a job. */
interface JobState {
  /**
   * What Connect has of the job: nothing · perhaps the job, for it was asked and its answer is not known · the job · it is done with it.
   * One that failed may have been taken before: then it has an id.
   */
  connect: "nothing" | "perhaps" | "job" | "done";
  /** The states that can come next; none where the job is over. */
  next: readonly string[];
}

export const EXPORT_STATES = {
  /** Put off to another day. */
  postponed: { connect: "nothing", next: ["asking"] },
  /** Written down, and perhaps asked for. */
  asking: { connect: "perhaps", next: ["asked", "postponed", "failed"] },
  /** Connect took it. */
  asked: { connect: "job", next: ["arrived", "loaded", "failed"] },
  /** Its file is there, and as far as is known it is whole. */
  arrived: { connect: "done", next: ["asked", "loaded", "failed"] },
  loaded: { connect: "done", next: [] },
  /** Connect refused it or could not make it, or its file is of no use or never came. */
  failed: { connect: "nothing", next: [] },
} as const satisfies Record<string, JobState>;

export const IMPORT_STATES = {
  /** Written down; its file is on its way. */
  uploading: { connect: "nothing", next: ["asking", "failed"] },
  /** Its file is there, and Connect was perhaps asked. */
  asking: { connect: "perhaps", next: ["asked", "imported", "failed"] },
  /** Connect took it. */
  asked: { connect: "job", next: ["imported", "failed"] },
  /** Connect has the rows. */
  imported: { connect: "done", next: [] },
  /** Connect refused it or could not import it, or it was given up. */
  failed: { connect: "nothing", next: [] },
} as const satisfies Record<string, JobState>;

export type ExportStatus = keyof typeof EXPORT_STATES;
export type ImportStatus = keyof typeof IMPORT_STATES;

function namesOf<Status extends string>(states: Readonly<Record<Status, JobState>>, where: (state: JobState) => boolean): readonly Status[] {
  return (Object.keys(states) as Status[]).filter((status) => where(states[status]));
}

const isOpen = ({ next }: JobState) => next.length > 0;

/** Exports for which something is still to be done. */
export const OPEN_EXPORTS = namesOf(EXPORT_STATES, isOpen);
/** Imports for which something is still to be done. */
export const OPEN_IMPORTS = namesOf(IMPORT_STATES, isOpen);
/** Open exports whose file is still to come. */
export const AWAITED_EXPORTS = namesOf(EXPORT_STATES, (state) => isOpen(state) && state.connect !== "done");
/** Open exports whose file may be on the server. */
export const SOUGHT_EXPORTS = namesOf(EXPORT_STATES, (state) => isOpen(state) && state.connect !== "nothing");
/** Exports that are loaded once the ledger has their file. */
export const LOADABLE_EXPORTS = namesOf(EXPORT_STATES, ({ next }) => next.includes("loaded"));
/** Exports that Connect has taken, or may have, and so counts for their day. */
export const COUNTED_EXPORTS = namesOf(EXPORT_STATES, ({ connect }) => connect !== "nothing");

/** Whether Connect is at a job, or may be. */
export function isAtConnect(status: ExportStatus | ImportStatus): boolean {
  const { connect }: JobState = { ...EXPORT_STATES, ...IMPORT_STATES }[status];
  return connect === "perhaps" || connect === "job";
}
