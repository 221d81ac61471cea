/** The one door to a warehouse: to read it, to plan with it, to write to it, and to note a run. */
import { type Config, martWishes } from "../../schemas/config.ts";
import { isSignalhouseError, messageOf } from "../../schemas/errors.ts";
import type { Outcome } from "../../schemas/outcomes.ts";
import { explainDamage } from "../../sinks/damage.ts";
import type { FindEncryption } from "../../sinks/encryption.ts";
import { interruptible, interruptOnAbort } from "../../sinks/interrupt.ts";
import { memoryPlace } from "../../sinks/memory-place.ts";
import type { Filling, Migrating } from "../../sinks/migrate.ts";
import type { Place } from "../../sinks/place.ts";
import { placeOf } from "../../sinks/places.ts";
import { beginRun, endRun } from "../../sinks/runs.ts";
import { type FindKey, openWarehouse, type Warehouse } from "../../sinks/warehouse.ts";
import { contentKey } from "../../transforms/content-key.ts";
import { type Clock, realClock } from "./clock.ts";
import { packageVersion } from "./package.ts";
import type { TellWaiting } from "./waiting.ts";
import { findEncryption } from "./encryption.ts";
import { findKey, makeKey, PRIVACY_KEY } from "./warehouse-key.ts";

/** Uses the warehouse, which is closed when that is over. @throws SignalhouseError as openWarehouse; what `work` throws */
export type UseWarehouse = <T>(work: (warehouse: Warehouse) => Promise<T>) => Promise<T>;

export interface DoorOptions {
  signal: AbortSignal;
  /** Milliseconds for which another process is waited for that has the warehouse; none by default. */
  patience?: number;
  clock?: Clock;
  /** The key of pseudonyms and of the hashes of what was forgotten; by default that of the file beside the warehouse. */
  privacyKey?: string | undefined;
  /** Told of the file with that key, where it is made. */
  onKey?: ((file: string) => void) | undefined;
  /** How the file is encrypted; by default as the configuration says. */
  encryption?: FindEncryption;
  /** Told what the warehouse is waited for. */
  waiting?: TellWaiting | undefined;
  /** Told before rows of a warehouse of an older version are written anew. */
  onMigration?: ((migrating: Migrating) => void) | undefined;
  /** Told before the tables of marts are filled with what all signals say. */
  onFill?: ((filling: Filling) => void) | undefined;
}

export interface ReadOptions {
  /** Whether DuckDB is held to limits.memory and one thread, as it is beside a load, rather than to what it finds on the machine. */
  isLimited?: boolean;
  /** Memory that DuckDB may use, where that is neither. */
  memory?: string;
  /** What the warehouse may lack: parts that somebody has taken out, or anything that one of an older version lacks; nothing by default. */
  mayLack?: "parts" | "anything";
}

export interface Door {
  readonly place: Place;
  /** Opens it only to read: other readers are let in. An abort ends the statement that is running. @throws SignalhouseError warehouse_missing, warehouse_older, warehouse_locked, … */
  toRead<T>(work: (warehouse: Warehouse) => Promise<T>, options?: ReadOptions): Promise<T>;
  /**
   * Opens it to read, for what is read bit by bit, whatever its version: it is closed after the last of it, or when the reader leaves. An abort ends the statement
   * that is running.
   */
  toStream<T>(read: (warehouse: Warehouse) => AsyncIterable<T>): AsyncGenerator<T>;
  /** Opens it to read, or, where there is none yet, an empty one in memory. */
  toPlan: UseWarehouse;
  /**
   * Opens it to read, for a flow that looks first whether there is something to write. Where there is none yet it is made, and an older one is brought to
   * this version.
   */
  toLook: UseWarehouse;
  /** Opens it to write, for nobody else; creates it, or brings it to this version. */
  toWrite: UseWarehouse;
  /** Opens it to write down what has become of something, after an abort, too. */
  toFinish: UseWarehouse;
  /** Opens it to write for a whole run, and notes that in the ledger, and how it ended. @param outcomeOf how a run ends that gave this, or that threw */
  toRun<T>(command: string, outcomeOf: OutcomeOf<T>, work: (warehouse: Warehouse, runId: bigint) => Promise<T>): Promise<T>;
  /** Notes a run that lets others at the warehouse: it is open for the notes alone. */
  withRun<T>(command: string, outcomeOf: OutcomeOf<T>, work: (runId: bigint) => Promise<T>): Promise<T>;
}

export interface OutcomeOf<T> {
  result: (result: T) => Outcome;
  error: (error: unknown) => Outcome;
}

/** A flow that waits for hours lets others at the warehouse, and waits so long for them in turn. */
export const PATIENCE_MS = 60_000;
const LOOK_MS = 250;
/** A shorter wait is none to tell of. */
const TOLD_MS = 1000;
/** So long the warehouse is waited for after an abort. */
const SHORT_MS = 5_000;

/** The door to the configuration's warehouse. Nothing is open yet. */
export function doorTo(
  config: Pick<Config, "warehouse" | "encryption" | "limits" | "contacts" | "attribution" | "privacy">,
  options: DoorOptions,
): Door {
  const { warehouse, limits } = config;
  const { signal, patience = 0, clock = realClock, waiting: tell, onMigration, onFill, privacyKey, onKey } = options;
  const { encryption = () => findEncryption(config.encryption) } = options;
  const place = placeOf(warehouse, encryption);
  // One thread a connection: loads share the work out by themselves.
  const limited = { memory: limits.memory, threads: 1 };

  const open = async (attempt: () => Promise<Warehouse>, waiting = signal, most = patience): Promise<Warehouse> => {
    const begin = clock.now();
    let isTold = false;
    try {
      for (;;) {
        waiting.throwIfAborted();
        try {
          return await attempt();
        } catch (error) {
          if (!isSignalhouseError(error, "warehouse_locked") || clock.now() >= begin + most) throw error;
          if (!isTold && clock.now() >= begin + TOLD_MS) {
            tell?.(`waiting for the warehouse, for ${most / 1000} s at most: ${error.message}`);
            isTold = true;
          }
          await clock.wait(LOOK_MS, waiting);
        }
      }
    } finally {
      if (isTold) tell?.(undefined);
    }
  };

  const privacyKeyOf: FindKey = async ({ make = false } = {}) => {
    if (!make) return findKey(PRIVACY_KEY, privacyKey, warehouse);
    const { key, made } = await makeKey(PRIVACY_KEY, privacyKey, warehouse);
    if (made !== undefined) onKey?.(made);
    return key;
  };
  const kept = { privacyKey: privacyKeyOf, privacy: config.privacy };

  const openToRead = ({ isLimited = false, memory, mayLack }: ReadOptions = {}) =>
    open(() =>
      openWarehouse(place, {
        access: "read",
        ...kept,
        ...(mayLack ? { mayLack } : {}),
        ...(memory === undefined ? {} : { memory }),
        ...(isLimited ? limited : {}),
      }),
    );
  const writable = () =>
    openWarehouse(place, {
      ...limited,
      version: packageVersion(),
      ...kept,
      migration: { contentKey, onBegin: onMigration, onFill, marts: martWishes(config) },
    });

  const read = <T>(warehouse: Warehouse, work: (warehouse: Warehouse) => Promise<T>): Promise<T> =>
    closing(warehouse, () => interruptible(warehouse.connection, signal, () => work(warehouse)));

  const toWrite: UseWarehouse = async (work) => {
    const warehouse = await open(writable);
    return closing(warehouse, () => work(warehouse));
  };
  const toFinish: UseWarehouse = async (work) => {
    // Whoever has interrupted does not want to wait long.
    const warehouse = await open(writable, new AbortController().signal, signal.aborted ? Math.min(patience, SHORT_MS) : patience);
    return closing(warehouse, () => work(warehouse));
  };

  return {
    place,
    toRead: async (work, how) => read(await openToRead(how), work),
    async *toStream(read) {
      const warehouse = await openToRead({ mayLack: "anything" });
      const done = interruptOnAbort(warehouse.connection, signal);
      try {
        yield* read(warehouse);
      } catch (error) {
        throw explainDamage(error, warehouse.name);
      } finally {
        done();
        warehouse.close();
      }
    },
    toPlan: async (work) =>
      read(
        await openToRead().catch((error: unknown) => {
          if (isSignalhouseError(error, "warehouse_missing")) return openWarehouse(memoryPlace());
          throw error;
        }),
        work,
      ),
    toLook: async (work) =>
      read(
        await openToRead({ isLimited: true }).catch((error: unknown) => {
          if (isSignalhouseError(error, "warehouse_missing", "warehouse_older")) return open(writable);
          throw error;
        }),
        work,
      ),
    toWrite,
    toFinish,
    withRun: (command, outcomeOf, work) => noted({ begin: toWrite, end: toFinish }, command, outcomeOf, work),
    toRun: (command, outcomeOf, work) =>
      toWrite((warehouse) => {
        const opened: UseWarehouse = (use) => use(warehouse);
        return noted({ begin: opened, end: opened }, command, outcomeOf, (runId) => work(warehouse, runId));
      }),
  };
}

/** The way to the configuration's warehouse for a flow that writes to it now and then, and waits for others. */
export const writerOf = (config: Config, signal: AbortSignal): UseWarehouse => doorTo(config, { signal, patience: PATIENCE_MS }).toWrite;

/** The way through a door for a flow that only reads, beside others. */
export const readerOf =
  (door: Pick<Door, "toRead">): UseWarehouse =>
  (work) =>
    door.toRead(work, { isLimited: true });

/** The ways to the warehouse that a run's notes take. */
interface Notes {
  begin: UseWarehouse;
  end: UseWarehouse;
}

/** Notes a run. */
async function noted<T>(notes: Notes, command: string, outcomeOf: OutcomeOf<T>, work: (runId: bigint) => Promise<T>): Promise<T> {
  const runId = await notes.begin(({ connection }) => beginRun(connection, command, packageVersion()));
  const end = (outcome: Outcome, error?: string) => notes.end(({ connection }) => endRun(connection, runId, outcome, error));
  let result: T;
  try {
    result = await work(runId);
  } catch (error) {
    // Where even this cannot be written, the first failure is the one to tell.
    await end(outcomeOf.error(error), messageOf(error)).catch(() => undefined);
    throw error;
  }
  await end(outcomeOf.result(result)).catch((error: unknown) => {
    // What was done is done, whoever has the warehouse now.
    if (!isSignalhouseError(error, "warehouse_locked")) throw error;
  });
  return result;
}

async function closing<T>(warehouse: Warehouse, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // A part that is damaged is found when it is read.
    throw explainDamage(error, warehouse.name);
  } finally {
    warehouse.close();
  }
}
