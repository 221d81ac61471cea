/** Opening the configuration's warehouse for a command. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type Door, doorTo, type DoorOptions, type OutcomeOf, type ReadOptions } from "../pipeline/common/door.ts";
import { type EncryptionWords, findEncryption } from "../pipeline/common/encryption.ts";
import { PRIVACY_KEY } from "../pipeline/common/warehouse-key.ts";
import type { Config } from "../schemas/config.ts";
import { type Outcome, OUTCOMES } from "../schemas/outcomes.ts";
import type { Migrating } from "../sinks/migrate.ts";
import type { Warehouse } from "../sinks/warehouse.ts";
import type { Context } from "./command.ts";
import { fillingLines } from "./contact-keys.ts";
import { outcomeOfError } from "./failures.ts";
import { bytes, count } from "./format.ts";
import { localPath, type World } from "./world.ts";

/** What the environment says of the warehouse's encryption. @throws SignalhouseError config_invalid */
export function encryptionWords(world: Pick<World, "env" | "cwd" | "home">): EncryptionWords {
  const { SIGNALHOUSE_WAREHOUSE_KEY: key, SIGNALHOUSE_EXTENSIONS: folder } = world.env;
  return { warehouseKey: key?.trim() || undefined, extensions: folder ? localPath(world, folder) : undefined };
}

/** What of a command's world it takes to come to a warehouse. */
export type Way = Pick<Context, "out" | "signal" | "clock" | "env" | "cwd" | "home">;

/** The door to a configuration's warehouse. */
export function doorOf(config: Config, context: Way, options: Pick<DoorOptions, "patience" | "encryption"> = {}): Door {
  const { out, signal, clock, env } = context;
  const onMigration = ({ signals, size, needed, free }: Migrating) =>
    out.note(
      `The warehouse is of an older version: ${count(signals, "signal")} of it get the keys of this one. That may take a minute for ten million of them, ` +
        "or ten where they have no SIGNAL_ID. It is one transaction: interrupted, it leaves the warehouse as it was.",
      `It may take ${bytes(needed)} on the disk meanwhile${free === undefined ? "" : `, of which ${bytes(free)} are free`}. An older signalhouse cannot go on with it afterwards: whoever wants to go back interrupts it, and keeps a copy of the file first, ${bytes(size)}.`,
    );
  return doorTo(config, {
    signal,
    clock,
    onMigration,
    onFill: (filling) => out.note(...fillingLines(filling)),
    onKey: (file) => out.note(privacyKeyMade(file)),
    waiting: out.waiting,
    privacyKey: privacyKeyIn(env),
    encryption: () => findEncryption(config.encryption, encryptionWords(context)),
    ...options,
  });
}

const privacyKeyIn = (env: Context["env"]): string | undefined => env[PRIVACY_KEY.variable]?.trim() || undefined;

/** Said where the privacy key is made for pseudonyms. */
const privacyKeyMade = (file: string): string =>
  `The key of pseudonyms is in ${file}, made now. Keep it, but not with the warehouse: without it nothing can be loaded any more, and who has both can try whose a pseudonym is.`;

/** How a run ends by the exit code of its command. */
export const BY_EXIT_CODE: OutcomeOf<number> = {
  result: (code) => (Object.keys(OUTCOMES) as Outcome[]).find((outcome) => OUTCOMES[outcome] === code) ?? "failed",
  error: outcomeOfError,
};

/**
 * Opens the warehouse read-only for `work`, and closes it after it. An interruption ends the query that is running.
 * @throws SignalhouseError warehouse_missing, warehouse_locked, warehouse_newer, warehouse_older, warehouse_failed; what `work` throws
 */
export async function reading<T>(
  context: Context,
  work: (connection: DuckDBConnection, config: Config, door: Door) => Promise<T>,
  { patience = 0, ...options }: ReadOptions & Pick<DoorOptions, "patience"> = {},
): Promise<T> {
  const { config } = await context.config();
  const door = doorOf(config, context, { patience });
  return naming(
    config,
    door.toRead(({ connection }) => work(connection, config, door), options),
  );
}

/**
 * Opens the warehouse to write for `work`, notes the run in the ledger, and closes it; publishes then, where the configuration says so and there is something new.
 * @param work gives the exit code
 * @throws SignalhouseError as openWarehouse; what `work` throws
 */
export async function running(
  context: Context,
  command: string,
  work: (warehouse: Warehouse, config: Config, runId: bigint) => Promise<number>,
): Promise<number> {
  const { config } = await context.config();
  const door = doorOf(config, context);
  const code = await naming(
    config,
    door.toRun(command, BY_EXIT_CODE, (warehouse, runId) => work(warehouse, config, runId)),
  );
  // What publishes is loaded only where it is asked for.
  if (config.publish.to !== undefined) await (await import("./publish-changes.ts")).publishAfter(context, config);
  return code;
}

/** Whoever is told that the warehouse is busy is told of the published copy, too. */
async function naming<T>(config: Config, opened: Promise<T>): Promise<T> {
  return opened.catch(async (error: unknown) => {
    throw config.publish.to === undefined ? error : await (await import("../pipeline/read-copy.ts")).namingCopy(error, config);
  });
}
