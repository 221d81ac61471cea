import { resolve } from "node:path";
import { SignalhouseError } from "../schemas/errors.ts";
import { readShape } from "../schemas/faults.ts";
import type { Outcome } from "../schemas/outcomes.ts";
import { checkSending, type RefsetDefinition, refsetDefinition } from "../schemas/reference-set.ts";
import { readerOf } from "./common/door.ts";
import { connecting, type ConnectOptions, endsAs, orInterrupted } from "./library.ts";
import type { RefsetWish } from "./reference-set/prepare.ts";
import { pushSet, type PushResult, type PushWish } from "./reference-set/push.ts";

export interface PushReferenceSetOptions extends ConnectOptions, Partial<Pick<PushWish, "changed" | "id" | "mode" | "maxErrors" | "wait">> {
  /** The set's name: up to 25 Latin letters, digits, - and _. */
  set: string;
  /** What refsets/NAME.json would hold: the source of the rows, the key, the columns, … */
  definition: RefsetDefinition;
}

/**
 * Sends rows to Connect as a reference set: what `signalhouse refset push` does. All rows are checked by every rule of Connect first, and while one is broken nothing is
 * sent: `prepared` says which. The import is written down in the warehouse before it is asked for; one that was interrupted is seen to by the next push of the set.
 * The rows lie in a file beside the warehouse meanwhile, which is gone at the end. The warehouse is read at one moment, and held while something is written. Memory:
 * limits.memory for DuckDB, and about 200 MB.
 * @returns what was prepared, and the import (`outcome`) where something was sent; with `wait` as it ended
 * @throws SignalhouseError usage, query_failed, not_found, refset_invalid where the source cannot be read; refset_ambiguous, import_under_way, import_late, upload_failed,
 * import_failed; config_invalid; api_*, sftp_* and warehouse_* where these cannot be used; interrupted, with the signal's reason as its cause
 */
export async function pushReferenceSet(options: PushReferenceSetOptions): Promise<PushResult> {
  const { set, changed = false, id, mode, maxErrors = 100, wait = false } = options;
  const definition = definitionOf(options);
  return orInterrupted(options, async () => {
    const context = await connecting(options);
    const readWarehouse = readerOf(context.door);
    const wish = { set, definition, mode, changed, maxErrors, id, wait };
    const result = await context.door.withRun("pushReferenceSet", endsAs(outcomeOf, options), () => pushSet({ ...context, readWarehouse }, wish));
    if (result.outcome?.error) throw result.outcome.error;
    return result;
  });
}

const outcomeOf = ({ prepared, outcome }: PushResult): Outcome =>
  prepared.violationCount > 0 || outcome?.error || outcome?.job.status === "failed" ? "failed" : "done";

/** @throws SignalhouseError usage */
function definitionOf({ set, definition: given }: PushReferenceSetOptions): RefsetWish["definition"] {
  const read = readShape(refsetDefinition, given, "definition");
  if ("faults" in read)
    throw new SignalhouseError(
      "usage",
      `the definition of ${set} is not valid: ${read.faults.join("; ")}`,
      "Correct it; docs/reference-sets.md has it.",
    );
  const { source } = read.data;
  if (!source)
    throw new SignalhouseError(
      "usage",
      `the definition of ${set} has no source`,
      'Give it one: { query: "SELECT …" }, { table: "orders" } or { file: "orders.csv" }.',
    );
  checkSending(read.data);
  return { ...read.data, source: "file" in source ? { file: resolve(source.file) } : source };
}
