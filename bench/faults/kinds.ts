/** What goes wrong with a command, by kind. */
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, statfsSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Random } from "../../samples/generator/random.ts";
import type { Surroundings } from "../soak/command.ts";
import { WRONG } from "../soak/gateway.ts";
import { Clock } from "./clock.ts";
import { Group } from "./little-memory.ts";
import type { Need, Place, Run } from "./place.ts";

/** What a command works with: faults of edges that it does not have would prove nothing. */
export type Edge = "SFTP" | "API" | "files";

/** A command that something is done to. */
interface Disturbed {
  place: Place;
  random: Random;
  start: (surroundings?: Surroundings) => Run;
}

export interface Fault {
  /** The edge that the command must have; by default none. */
  edge?: Edge;
  /** What it needs that not every machine, or user, has. */
  needs?: Need;
  /** Whether the process may end by this, beside 0, 1 and 130. */
  ends?: readonly (number | string)[];
  /** Runs the command, with whatever goes wrong, and mends that again. @returns how each run ended, and whether it met the fault, as far as one can tell */
  run(disturbed: Disturbed): Promise<{ ends: (number | string)[]; met: boolean }>;
}

/** Further than that no clock is set without somebody who looks: three hours. */
const MOST_MOVED_S = 3 * 3600;

/** Most commands of a round are over after so long. */
const MOST_MS = 1800;

/** At a random moment of the run, if it has one so late. @returns whether it was still running */
async function atSomeMoment({ child, ended }: Run, random: Random, act: () => void): Promise<boolean> {
  await Promise.race([wait(random.int(0, MOST_MS)), ended]);
  if (child.exitCode !== null || child.signalCode !== null) return false;
  act();
  return true;
}

/** Something that is done at a random moment, and once the run is over undone. */
const inTheMiddle = (edge: Edge | undefined, act: (disturbed: Disturbed) => () => void): Fault => ({
  ...(edge ? { edge } : {}),
  async run(disturbed) {
    const run = disturbed.start();
    let undo = (): void => {};
    const met = await atSomeMoment(run, disturbed.random, () => (undo = act(disturbed)));
    const end = await run.ended;
    undo();
    return { ends: [end], met };
  },
});

/** Something that is so from before the run until after it. @param begin gives what mends it, and tells whether it was met */
const allAlong = (edge: Edge, begin: (disturbed: Disturbed) => () => boolean): Fault => ({
  edge,
  async run(disturbed) {
    const over = begin(disturbed);
    const end = await disturbed.start().ended;
    return { ends: [end], met: over() };
  },
});

/** A process that is told to end. */
const ended = (signal: NodeJS.Signals): Fault => ({
  ends: [signal],
  async run({ start, random }) {
    const run = start();
    const met = await atSomeMoment(run, random, () => run.child.kill(signal));
    return { ends: [await run.ended], met };
  },
});

const limited = (limit: string): string[] => ["sh", "-c", `ulimit -c 0 && ${limit} && exec "$@"`, "sh"];

/** A process that has little of something. What Node itself cannot begin without, it ends itself over. */
const poor = (surroundings: (random: Random) => Surroundings, ends: readonly (number | string)[]): Fault => ({
  ends,
  run: async ({ start, random }) => ({ ends: [await start(surroundings(random)).ended], met: true }),
});

/** Fills the disk but for some of it. @returns what makes room again */
function fill({ home }: Place, random: Random): () => void {
  const filler = join(home, "filler");
  const { bavail, bsize } = statfsSync(home);
  writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - random.int(0, 9000) * 1024)));
  return () => rmSync(filler);
}

const full = (through: readonly string[]): Fault => ({
  needs: "disk",
  async run({ place, random, start }) {
    const makeRoom = fill(place, random);
    const end = await start({ through }).ended;
    makeRoom();
    return { ends: [end], met: end === 1 };
  },
});

/** Puts something in the place of an export, for as long as the run goes on. */
const replaced = (change: (bytes: Buffer) => Buffer): Fault =>
  inTheMiddle("files", ({ place, random }) => {
    const file = random.pick(place.files);
    const [bytes, { mtime }, other] = [readFileSync(file), statSync(file), join(place.folder, "other")];
    const put = (content: Buffer, time: Date) => {
      writeFileSync(other, content);
      utimesSync(other, time, time);
      renameSync(other, file);
    };
    // A second later: still before the next export, or its signals would be the latest by rights.
    put(change(bytes), new Date(mtime.getTime() + 1000));
    return () => put(bytes, mtime);
  });

const sftpFault = (set: (disturbed: Disturbed) => () => boolean): Fault => allAlong("SFTP", set);

export const FAULTS: Record<string, Fault> = {
  "kill -9": ended("SIGKILL"),
  SIGTERM: ended("SIGTERM"),
  "two at once": {
    async run({ start, random }) {
      const first = start();
      await wait(random.int(0, 600));
      const second = start();
      return { ends: await Promise.all([first.ended, second.ended]), met: true };
    },
  },
  "two at once, one killed": {
    ends: ["SIGKILL"],
    async run({ start, random }) {
      const [first, second] = [start(), start()];
      const met = await atSomeMoment(first, random, () => first.child.kill("SIGKILL"));
      return { ends: await Promise.all([first.ended, second.ended]), met };
    },
  },
  "the disk is full": full([]),
  "the spool is full": full(["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o size=1m tmpfs /dev/shm && exec "$@"', "sh"]),
  "few files may be open": poor((random) => ({ through: limited(`ulimit -n ${random.int(18, 60)}`) }), [2, "SIGABRT", "SIGTRAP", 134]),
  "a small heap": poor(
    (random) => ({ through: limited("true"), env: { NODE_OPTIONS: `--max-old-space-size=${random.int(8, 40)}` } }),
    ["SIGABRT", "SIGTRAP", "SIGILL", 134],
  ),
  "little memory": {
    needs: "memory",
    ends: ["SIGKILL", "SIGABRT", "SIGTRAP", 134, 137],
    async run({ place, random, start }) {
      const group = Group.make(`signalhouse-faults-${basename(place.folder)}`, random.int(60, 250) * 1024 * 1024);
      if (!group) throw new Error("there is no cgroup any more");
      const end = await start({ through: group.through }).ended;
      group.remove();
      return { ends: [end], met: end !== 0 };
    },
  },
  "the clock is another one": {
    needs: "clock",
    async run({ place, random, start }) {
      const clock = new Clock(join(place.folder, "clock"));
      clock.move(random.int(-MOST_MOVED_S, MOST_MOVED_S));
      return { ends: [await start({ env: clock.env }).ended], met: true };
    },
  },
  "the clock is set": {
    needs: "clock",
    async run({ place, random, start }) {
      const clock = new Clock(join(place.folder, "clock"));
      const run = start({ env: clock.env });
      const met = await atSomeMoment(run, random, () => clock.move(random.int(-MOST_MOVED_S, MOST_MOVED_S)));
      return { ends: [await run.ended], met };
    },
  },
  "the warehouse is copied": inTheMiddle(undefined, ({ place }) => {
    const copy = join(place.folder, "copied.duckdb");
    if (existsSync(place.warehouse)) copyFileSync(place.warehouse, copy);
    return () => rmSync(copy, { force: true });
  }),
  "a file is cut short while it is read": replaced((bytes) => bytes.subarray(0, bytes.length / 2)),
  "a file grows while it is read": replaced((bytes) => Buffer.concat([bytes, bytes.subarray(0, 100)])),
  "a file gets another time while it is read": replaced((bytes) => bytes),
  "SFTP: cut in a file": sftpFault(({ place: { sandbox }, random }) => {
    sandbox.faults.dropAfterBytes = [random.int(1, 60_000)];
    return () => sandbox.faults.dropAfterBytes.splice(0).length === 0;
  }),
  "SFTP: cut again and again": sftpFault(({ place: { sandbox }, random }) => {
    sandbox.faults.dropAfterBytes = Array.from({ length: 12 }, () => random.int(1, 20_000));
    return () => sandbox.faults.dropAfterBytes.splice(0).length < 12;
  }),
  "SFTP: stalls in a file": sftpFault(({ place: { sandbox }, random }) => {
    sandbox.faults.stallAfterBytes = random.int(1, 60_000);
    return () => {
      const met = sandbox.faults.stallAfterBytes === null;
      sandbox.faults.stallAfterBytes = null;
      return met;
    };
  }),
  "SFTP: a file looks cut off": sftpFault(({ place: { sandbox, truth }, random }) => {
    sandbox.faults.truncate.set(random.pick(truth.files).path, random.int(0, 20_000));
    return () => (sandbox.faults.truncate.clear(), true);
  }),
  "SFTP: a file is listed, but not found": sftpFault(({ place: { sandbox, truth }, random }) => {
    sandbox.faults.vanish.add(random.pick(truth.files).path);
    return () => (sandbox.faults.vanish.clear(), true);
  }),
  "SFTP: a file's time moves while it is read": sftpFault(({ place: { sandbox, truth }, random }) => {
    sandbox.faults.changeWhileReading.add(random.pick(truth.files).path);
    return () => (sandbox.faults.changeWhileReading.clear(), true);
  }),
  "SFTP: refused logins": sftpFault(({ place: { sandbox }, random }) => {
    sandbox.faults.refuseLogins = random.int(1, 3);
    const asked = sandbox.faults.refuseLogins;
    return () => {
      const met = sandbox.faults.refuseLogins < asked;
      sandbox.faults.refuseLogins = 0;
      return met;
    };
  }),
  "SFTP: a listing that fails": sftpFault(({ place: { sandbox } }) => {
    sandbox.faults.failListings = 1;
    return () => {
      const met = sandbox.faults.failListings === 0;
      sandbox.faults.failListings = 0;
      return met;
    };
  }),
  "SFTP: cut during the login": sftpFault(({ place: { sftpWire }, random }) => {
    sftpWire.cuts = [random.int(1, 3500)];
    return () => sftpWire.cuts.splice(0).length === 0;
  }),
  "SFTP: nobody answers": sftpFault(({ place: { sftpWire } }) => {
    sftpWire.isDeaf = true;
    return () => {
      sftpWire.isDeaf = false;
      sftpWire.drop();
      return true;
    };
  }),
  "SFTP: all connections cut": inTheMiddle("SFTP", ({ place: { sftpWire } }) => {
    sftpWire.drop();
    return () => {};
  }),
  "API: cut in an answer": allAlong("API", ({ place: { apiWire }, random }) => {
    apiWire.cuts = [random.int(1, 300)];
    return () => apiWire.cuts.splice(0).length === 0;
  }),
  "API: all connections cut": inTheMiddle("API", ({ place: { apiWire } }) => {
    apiWire.drop();
    return () => {};
  }),
  "API: the answer is lost": wrongAnswers(
    ["no answer", "a cut connection", "half a body", "gateway timeout", "headers and then nothing", "no body"],
    true,
  ),
  "API: the answer lies": wrongAnswers(WRONG, true),
  "API: a wrong answer, and nothing is done": wrongAnswers(WRONG, false),
};

/** The next answers, or the one after the first, are not Connect's. */
function wrongAnswers(answers: readonly (typeof WRONG)[number][], isTaken: boolean): Fault {
  return allAlong("API", ({ place: { gateway }, random }) => {
    gateway.mishaps = Array.from({ length: random.int(1, 2) }, () => ({ answer: random.pick(answers), isTaken }));
    const { length } = gateway.mishaps;
    return () => gateway.mishaps.splice(0).length < length;
  });
}
