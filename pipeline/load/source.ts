import type { FileIdentity } from "../../sinks/ledger.ts";

/** A file that can be read. */
export interface Source extends FileIdentity {
  /** Whether open() gives its bytes only once. */
  once?: boolean;
  /** Its bytes. The stream is read to its end, or left early, and then destroys itself. */
  open(signal: AbortSignal): AsyncIterable<Uint8Array>;
}
