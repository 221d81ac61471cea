/** Names that compiled code looks at. */
import type { Assembly } from "./assembly.ts";

/** The bytes of numbers. */
export const bytesOf = ({ buffer }: { buffer: ArrayBuffer }) => new Uint8Array(buffer);

/** Keeps names. @returns where the place and the length of each are written */
export const placeNames = (names: readonly string[], assembly: Assembly): number =>
  assembly.keep(bytesOf(Uint32Array.from(names.flatMap((name) => placeOf(name, assembly)))));

/** Keeps a name. */
export function placeOf(name: string, assembly: Assembly): [at: number, length: number] {
  const bytes = Buffer.from(name);
  return [assembly.keep(bytes), bytes.length];
}
