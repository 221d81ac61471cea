/** What a round has around it: a local Connect behind ways that break, exports whose truth is known, and a user's folder on a disk of its own. */
import type { ChildProcess } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateExports } from "../../samples/generator/exports.ts";
import type { Truth } from "../../samples/generator/truth.ts";
import { makeKeyPair, startSandbox } from "../../samples/sandbox/sandbox.ts";
import type { ConfigInput } from "../../schemas/config.ts";
import { endOf, startCommand, type Surroundings } from "../soak/command.ts";
import { startGateway } from "../soak/gateway.ts";
import type { Edges } from "../soak/misbehaviour.ts";
import { startWire } from "../soak/wire.ts";
import { hasClock } from "./clock.ts";
import { Group } from "./little-memory.ts";
import { mountSmallDisk, unmount } from "./small-disk.ts";

/** The shop whose exports are asked for over the API. */
export const SHOP = { seed: 2_000_000_011, rowsPerDay: 200 };
/** What not every machine, or user, has: a disk that can be filled, libfaketime, a cgroup that limits memory. */
export type Need = "disk" | "clock" | "memory";

/** What this machine has for all rounds. */
const MEANS: readonly Need[] = [...(hasClock ? ["clock" as const] : []), ...(mayLimitMemory() ? ["memory" as const] : [])];

function mayLimitMemory(): boolean {
  const group = Group.make(`signalhouse-faults-${process.pid}`, 64 * 1024 * 1024);
  group?.remove();
  return group !== undefined;
}

/** No command may take so long, whatever is wrong. */
const MOST_MS = 90_000;

export interface Run {
  child: ChildProcess;
  /** The exit code, the signal that ended it, or "hangs". */
  ended: Promise<number | string>;
}

export interface Place extends Edges {
  folder: string;
  /** What the server has. */
  served: string;
  /** Of the files on the server. */
  truth: Truth;
  /** The files on the server, absolute. */
  files: readonly string[];
  /** The user's folder. */
  home: string;
  warehouse: string;
  /** What there is of what faults need: `home` is a disk that can be filled, for one. */
  has: ReadonlySet<Need>;
  log: string;
  /** Of all processes that were started. */
  pids: Set<number>;
  start(args: readonly string[], surroundings?: Surroundings): Run;
  close(): Promise<void>;
}

/** @param folder is made; the caller removes it when the place is closed */
export async function startPlace(folder: string, seed: number): Promise<Place> {
  const [served, home, log] = [join(folder, "served"), join(folder, "home"), join(folder, "log")];
  for (const made of [join(served, "Export/Signals"), home]) mkdirSync(made, { recursive: true });
  const has = new Set<Need>([...MEANS, ...(mountSmallDisk(home, "96m") ? ["disk" as const] : [])]);
  const truth = await generateExports({ rowsPerFile: 400, files: 3, overlap: 30, seed, folder: served });
  rmSync(join(served, "truth.json"));
  const keys = makeKeyPair();
  const limits = { jobs: Infinity, rows: Infinity, bytes: Infinity };
  const sandbox = await startSandbox({ folder: served, authorizedKeys: [keys.publicKey], api: { ...SHOP, limits, delayMs: 200 } });
  const { api } = sandbox;
  if (!api) throw new Error("the sandbox has no API");
  const gateway = await startGateway(api.url);
  const [sftpWire, apiWire] = await Promise.all([startWire(sandbox.port), startWire(gateway.port)]);
  writeFileSync(join(folder, "key"), keys.privateKey, { mode: 0o600 });
  writeFileSync(join(folder, "api-key"), api.key, { mode: 0o600 });
  const { host, user, fingerprints } = sandbox;
  const config: ConfigInput = {
    sftp: { host, port: sftpWire.port, user, keyFile: join(folder, "key"), hostKeys: fingerprints, knownHosts: [], timeoutSeconds: 2, retries: 1 },
    api: { endpoint: `http://127.0.0.1:${apiWire.port}/`, keyFile: join(folder, "api-key"), timeoutSeconds: 2, retries: 1 },
    exports: { pollSeconds: 0.2, lookMinutes: 0.05, deadlineHours: 0.005 },
    backfill: { marginMinutes: 0 },
  };
  writeFileSync(join(home, "signalhouse.config.json"), JSON.stringify(config, null, 2));
  const pids = new Set<number>();
  return {
    folder,
    served,
    home,
    has,
    log,
    truth,
    pids,
    sandbox,
    api,
    gateway,
    sftpWire,
    apiWire,
    warehouse: join(home, "signals.duckdb"),
    files: truth.files.map(({ path }) => join(served, path)),
    start(args, surroundings) {
      const child = startCommand(args, home, log, surroundings);
      if (child.pid !== undefined) pids.add(child.pid);
      return { child, ended: endOf(child, MOST_MS) };
    },
    async close() {
      await Promise.all([sandbox.close(), sftpWire.close(), apiWire.close(), gateway.close()]);
      if (has.has("disk")) unmount(home);
    },
  };
}

/** Everything that lies on the server, relative to it. */
export function onServer({ served }: Place): string[] {
  const entries = readdirSync(served, { recursive: true, withFileTypes: true });
  return entries.flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name).slice(served.length + 1)] : [])).sort();
}
