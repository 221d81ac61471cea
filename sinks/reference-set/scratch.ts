/** A place on the disk for the rows of a push: memory does not grow with them, and a second attempt sends the same rows. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Limits } from "../../schemas/config.ts";
import { SignalhouseError } from "../../schemas/errors.ts";
import { DuckDBInstance } from "../duckdb.ts";
import { explainDuckdb } from "../duckdb-errors.ts";
import { type OwnFolder, ownFolder } from "../own-folder.ts";

/** How DuckDB knows the file, by its name and where it is attached. */
export const SCRATCH = "scratch";

export class Scratch {
  /** The DuckDB file. */
  readonly path: string;
  readonly #folder: OwnFolder;
  readonly #limits: Pick<Limits, "memory" | "threads">;

  private constructor(folder: OwnFolder, limits: Pick<Limits, "memory" | "threads">) {
    this.#folder = folder;
    this.#limits = limits;
    this.path = join(folder.folder, `${SCRATCH}.duckdb`);
  }

  /**
   * Makes one beside the warehouse, where there is room and where only the user looks. Those of processes that were killed go away. A check needs no warehouse: where nothing can
   * be written beside it, the system's folder for such files serves.
   * The caller removes it.
   * @param use only one push at a time has a warehouse: what another one is uploading must not be taken for left behind
   * @throws SignalhouseError import_under_way, warehouse_failed where there is no such folder
   */
  static async make(warehouse: string, limits: Pick<Limits, "memory" | "threads">, use: "push" | "check"): Promise<Scratch> {
    const own = await ownFolder(`${warehouse}.${use}-`).catch((error: unknown) => {
      if (use === "push") throw error;
      return ownFolder(join(tmpdir(), `signalhouse.${use}-`));
    });
    const [other] = own.others;
    if (use === "push" && other) {
      await own.remove();
      const hint = `Wait for it to end: it works in ${other.folder}.`;
      throw new SignalhouseError("import_under_way", `${other.holder} is pushing a reference set from this warehouse`, hint);
    }
    return new Scratch(own, limits);
  }

  /** Opens it for `work`, and closes it. @throws SignalhouseError out_of_memory, disk_full, warehouse_failed; what `work` throws */
  async use<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const { memory, threads } = this.#limits;
    const instance = await DuckDBInstance.create(this.path, { memory_limit: memory, threads: String(threads) });
    const connection = await instance.connect();
    try {
      await connection.run("SET TimeZone = 'UTC'");
      return await work(connection);
    } catch (error) {
      throw explainDuckdb(error, this.path);
    } finally {
      connection.disconnectSync();
      instance.closeSync();
    }
  }

  remove(): Promise<void> {
    return this.#folder.remove();
  }
}
