/**
 * The loops that see every byte of every file, in AssemblyScript (https://www.assemblyscript.org): V8 needs some four nanoseconds for a byte or a word in
 * JavaScript, and as long for sixteen bytes here. Compiled by `npm run build`; exports.ts tells how it is called.
 *
 * Bytes are looked at sixteen at a time, up to fifteen behind their end: whoever calls leaves that room behind what is read and what is written.
 */
export { addField, addFound, addNames, filled, wanted } from "./columns";
export { columnsWork, firstEntry, setColumns } from "./entries";
export { setFields } from "./fields";
export { hashContent, setTypeFields } from "./hash";
export { namesWork, setNames } from "./names";
export { setContentColumns, setItemColumns, setMeanings, setNodes } from "./plan";
export { readRows } from "./reading";
export { mark, next, records } from "./records";
export { setNull, setRows } from "./rows";
export { setDecimal } from "./scalars";
export { setListMark } from "./typed";

/** The first place that is free: what is before it is in use here. */
export const firstPlace: usize = __heap_base;
