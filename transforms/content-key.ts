/** The key of a signal without an id. */
import { createHash } from "node:crypto";
import { CONTENT_KEY, type KeyParts, PART_END } from "../schemas/identity.ts";
import { contentHash } from "./content-hash.ts";

/** A hash of what says which signal it is, not of how that was written. sinks/vector/plain-rows.ts makes the same in SQL. */
export function contentKey({ type, microseconds, columns, content, damagedId, contact }: KeyParts): string {
  const parts = [type, microseconds, ...columns, content === undefined ? "" : contentHash(content)];
  if (damagedId !== undefined) parts.push(damagedId);
  // Without a session only the contact tells two signals of the same moment apart.
  if (columns[0] === "") for (const [name, value] of contact) if (value !== "") parts.push(name, value);
  return CONTENT_KEY.prefix + createHash("sha256").update(parts.join(PART_END)).digest("hex").slice(0, CONTENT_KEY.digits);
}
