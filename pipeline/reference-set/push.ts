/** A push: prepare, write down, upload, ask, follow. */
import { writeFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import type { DataSet } from "../../schemas/connect.ts";
import { SignalhouseError } from "../../schemas/errors.ts";
import { OPEN_IMPORTS } from "../../schemas/jobs.ts";
import { importInput } from "../../schemas/import-input.ts";
import { FILE_ENDINGS, type KnownSet } from "../../schemas/reference-set.ts";
import { changeImport, importJobs, type ImportJob, pushedCount, writeImport } from "../../sinks/reference-set/imports.ts";
import { Scratch } from "../../sinks/reference-set/scratch.ts";
import { fileBytes } from "../../sinks/reference-set/sheet.ts";
import { replaceBy, writeRefused } from "../../sinks/whole-file.ts";
import { failed } from "../jobs/steps.ts";
import { openServer } from "../load/remote-files.ts";
import type { SftpServer } from "../sftp/server.ts";
import type { UseWarehouse } from "../common/door.ts";
import { askForImport, endImport, type ImportOutcome, type RefsetContext } from "./follow.ts";
import { type ConnectView, isNothing, type Prepared, prepareFile, type RefsetWish } from "./prepare.ts";

export interface PushContext extends RefsetContext {
  readWarehouse: UseWarehouse;
}

export interface PushWish extends RefsetWish {
  /** The set's id, where several have its name. */
  id?: string | undefined;
  /** Follow the import to its end. */
  wait: boolean;
}

export interface PushResult {
  prepared: Prepared;
  /** The import; none where rules are broken or nothing is to be sent. */
  outcome: ImportOutcome | undefined;
}

/**
 * Pushes a reference set. Imports of it that are not over are followed to their end first: Connect does not say what two at a time would do.
 * @throws SignalhouseError as prepareFile; refset_ambiguous, import_under_way, upload_failed, import_failed, api_*, the signal's reason
 */
export async function pushSet(context: PushContext, wish: PushWish): Promise<PushResult> {
  const { config, signal, log } = context;
  const scratch = await Scratch.make(config.warehouse, config.limits, "push");
  let server: SftpServer | undefined;
  const reach = async () => (server ??= await connectToStay(context));
  try {
    const open = await context.useWarehouse(({ connection }) => importJobs(connection, wish.set, OPEN_IMPORTS));
    for (const job of open) {
      log(`an earlier import of ${wish.set} is not over: "${job.name}"`);
      const { error } = await endImport(context, await reach(), job);
      if (error?.code === "import_late") throw error;
    }
    const view = await connectView(context, wish.set, wish.id);
    if (wish.changed && view.known && !(await hasPushedRows(context, view.known))) {
      log(`${wish.set} has fewer rows in Connect than were pushed: all rows are sent`);
      await context.useWarehouse(({ connection }) => connection.run("DELETE FROM signalhouse.refset_rows WHERE set_name = $1", [wish.set]));
    }
    const prepared = await prepareFile(scratch, wish, view, context.readWarehouse, { privacy: config.privacy });
    if (prepared.violationCount > 0 || isNothing(prepared)) return { prepared, outcome: undefined };
    signal.throwIfAborted();
    const job = await send(context, await reach(), scratch, wish, view, prepared);
    return { prepared, outcome: wish.wait ? await endImport(context, await reach(), job) : { job } };
  } finally {
    await server?.close();
    await scratch.remove();
  }
}

/** Connects unless it is interrupted; afterwards an interruption leaves the connection, so that the part of a file that was sent can be taken away. */
async function connectToStay({ config, secrets, signal, log }: PushContext): Promise<SftpServer> {
  const connecting = new AbortController();
  const stop = () => connecting.abort(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener("abort", stop);
  try {
    return await openServer(config, { ...secrets, log, signal: connecting.signal });
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** What Connect has, and the set that is meant. @throws SignalhouseError refset_ambiguous, not_found; api_* */
export async function connectView({ api, config }: Pick<RefsetContext, "api" | "config">, name: string, id?: string): Promise<ConnectView> {
  const sets = await api.dataSets();
  const found = sets.filter((set) => set.type === "REFERENCE_SET" && (id === undefined ? set.name === name : set.dataSetId === id));
  if (found.length > 1) {
    const ids = found.map(({ dataSetId, size }) => `${dataSetId} (${size ?? "?"} rows)`).join(", ");
    throw new SignalhouseError("refset_ambiguous", `Connect has ${found.length} reference sets called ${name}: ${ids}`, "Say which one with --id.");
  }
  if (id !== undefined && !found[0]) {
    throw new SignalhouseError("not_found", `Connect has no reference set of the id ${id}`, "See `signalhouse refset list`.");
  }
  return { sets, known: found[0] && knownSet(found[0]), setLimit: config.refsets.limit };
}

function knownSet({ dataSetId, name, size, attributes }: DataSet): KnownSet {
  const known = (attributes ?? []).map(({ name, type, identifyAs }) => ({ name, type, isKey: identifyAs?.key === true }));
  return { id: dataSetId, name, size: size ?? null, attributes: known };
}

/** Whether the set can have all rows that were pushed: it may have been made anew, or rows deleted, in Connect. */
async function hasPushedRows({ useWarehouse }: RefsetContext, { name, size }: KnownSet): Promise<boolean> {
  const pushed = await useWarehouse(({ connection }) => pushedCount(connection, name));
  return size === null || size >= pushed;
}

/** Writes the import down, uploads its file and asks for it. */
async function send(
  context: PushContext,
  server: SftpServer,
  scratch: Scratch,
  { set, definition }: PushWish,
  { known }: ConnectView,
  prepared: Prepared,
): Promise<ImportJob> {
  const { columns, mode, delimiter, bytes, sending } = prepared;
  const now = context.clock.now();
  const stamp = `${new Date(now).toISOString().slice(0, 19).replaceAll(":", "")}Z-${randomBytes(3).toString("hex")}`;
  const fileName = `${set}-${stamp}.${FILE_ENDINGS[delimiter]}`;
  const folder = (definition.folder ?? "").split("/").filter(Boolean).join("/");
  const header = definition.header ?? true;
  const dateFormat = columns[0]?.dateFormat ?? "YYYY-MM-DD";
  const plan = { mode, set, known, attributes: columns, jobName: `signalhouse ${set} ${stamp}`, delimiter, dateFormat };
  const request = importInput({ ...plan, header, folder, fileName, notify: definition.notify ?? [] });
  const path = folder === "" ? fileName : `${folder}/${fileName}`;
  const wanted = { name: request.jobName, setName: set, path, request, rows: sending, sizeBytes: bytes, askedAt: now };
  await context.useWarehouse(async ({ connection }) => {
    if ((await importJobs(connection, set, OPEN_IMPORTS)).length > 0)
      throw new SignalhouseError("import_under_way", `another process is pushing ${set}`, "Wait for it to end: signalhouse refset status --wait");
    await writeImport(connection, wanted, scratch.path);
  });
  const job: ImportJob = { ...wanted, jobId: null, status: "uploading", notBefore: null, finishedAt: null, error: null };
  context.log(`uploading ${path}: ${sending.toLocaleString("en-US")} rows, ${bytes.toLocaleString("en-US")} bytes`);
  try {
    await scratch.use((connection) => server.write(path, () => fileBytes(connection, columns, delimiter, header), context.signal));
    context.log(`${path} is on the server, whole`);
  } catch (error) {
    await takeAway(context, server, job, error);
    throw error;
  }
  try {
    return await askForImport(context, job);
  } catch (error) {
    if (!context.signal.aborted) await server.remove(path);
    throw error;
  }
}

/** A part of a file must not stay, where this can be helped; else the next push takes it away. */
async function takeAway(context: PushContext, server: SftpServer, job: ImportJob, error: unknown): Promise<void> {
  const isGone = await server.remove(job.path, AbortSignal.timeout(10_000)).then(
    () => true,
    () => false,
  );
  if (!isGone) return context.log(`the part of ${job.path} that was sent could not be taken away; the next push does it`);
  const change = failed(context.clock.now(), error);
  await context.finish(({ connection }) => changeImport(connection, job, change)).catch(() => undefined);
}

/**
 * Writes a reference set's file on this machine, in place of an upload. A file that is there is replaced.
 * @throws SignalhouseError as prepareFile; the signal's reason
 */
export async function writeReferenceSet(
  context: Pick<PushContext, "config" | "readWarehouse" | "signal">,
  wish: RefsetWish,
  view: ConnectView | undefined,
  file: string | undefined,
): Promise<Prepared> {
  const { config, readWarehouse, signal } = context;
  const scratch = await Scratch.make(config.warehouse, config.limits, "check");
  try {
    const prepared = await prepareFile(scratch, wish, view, readWarehouse, { privacy: config.privacy });
    if (file === undefined || prepared.violationCount > 0) return prepared;
    const header = wish.definition.header ?? true;
    await replaceBy(file, 0o600, (opened) =>
      scratch.use((connection) => writeFile(opened, fileBytes(connection, prepared.columns, prepared.delimiter, header), { signal })),
    ).catch((error: unknown) => {
      throw signal.aborted ? error : writeRefused(file, error, "Name another file with --out, in a folder that is there.");
    });
    return prepared;
  } finally {
    await scratch.remove();
  }
}
