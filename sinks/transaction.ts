/** Transactions: all of what is done in one is committed, or nothing. */
import type { DuckDBConnection } from "@duckdb/node-api";

/** An open transaction of a connection. Whoever began it ends it. */
export class Transaction {
  readonly #connection: DuckDBConnection;
  #isOpen = true;

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  static async begin(connection: DuckDBConnection): Promise<Transaction> {
    await connection.run("BEGIN");
    return new Transaction(connection);
  }

  /** Commits it. It is over even where that fails: then nothing of it is there. */
  async commit(): Promise<void> {
    try {
      await this.#connection.run("COMMIT");
      this.#isOpen = false;
    } finally {
      await this.rollback();
    }
  }

  /** Takes everything back, unless it is over. May be called twice. */
  async rollback(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    // After a fatal error there is nothing to roll back; the first error is the one to tell.
    await this.#connection.run("ROLLBACK").catch(() => undefined);
  }
}

/** Runs `work` in a transaction. */
export async function inTransaction<T>(connection: DuckDBConnection, work: () => Promise<T>): Promise<T> {
  const transaction = await Transaction.begin(connection);
  try {
    const result = await work();
    await transaction.commit();
    return result;
  } finally {
    await transaction.rollback();
  }
}
