/**
 * The loops that see every byte of every file, in AssemblyScript (https://www.assemblyscript.org): V8 needs some four nanoseconds for a byte or a word in
 * JavaScript, and as long for sixteen bytes here. Compiled by `npm run build`; transforms/assembly.ts tells how it is called.
 *
 * Bytes are looked at sixteen at a time, up to fifteen behind their end: whoever calls leaves that room behind what is read and what is written.
 */
export { addField, addNames, addTexts, addTimes, filled, refuseTimes, wanted } from "./columns";
export { readContent } from "./content";
export { firstEntry, setColumns } from "./entries";
export { hashContent } from "./hash";
export { setPlan } from "./plan";
export { mark, next, records } from "./records";
export { setRows } from "./rows";

/** The first place that is free: what is before it is in use here. */
export const firstPlace: usize = __heap_base;
