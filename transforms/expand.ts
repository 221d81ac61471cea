/** From a row to a typed record. A value that does not fit never costs a row; a row that cannot be told what it is becomes a reject. */
import { MIRRORED_HEADERS } from "../schemas/plain-columns.ts";
import { EXPORT_COLUMNS, type ExportColumn, type ExportHeader, TIME_HEADERS } from "../schemas/export-columns.ts";
import { contactFields, type FieldMeaning, type Header } from "../schemas/header.ts";
import { bareId, isNoId, KEY_COLUMNS } from "../schemas/identity.ts";
import { fitKind, isNull, stringifyJson } from "../schemas/kinds.ts";
import type { Reject, SignalRecord } from "../schemas/record.ts";
import { knownSignalType, placementOf } from "../schemas/signal-types.ts";
import { expandContent, Leftovers, mirrored } from "./content.ts";
import { contentKey } from "./content-key.ts";
import { plainJson, storedContent, withoutBlanks } from "./json.ts";
import { type Found, isBlank, type Payload, readPayload, typeOf } from "./payload.ts";
import { emptyReject, forgottenReject, rejectRow, type Row } from "./rows.ts";

/** Expands one row. Gives a promise only where its content is so large that it is read in pieces. */
export function expandRow(row: Row, header: Header): SignalRecord | Reject | Promise<SignalRecord | Reject> {
  if (row.marks?.isForgotten) return forgottenReject(row);
  if (row.fields.length !== header.names.length) {
    const reject = header.isPrivate ? emptyReject : rejectRow;
    return reject(row, "field_count", `the row has ${row.fields.length} fields, the header ${header.names.length}`);
  }
  const text = cell(row, header, "SIGNAL_CONTENT");
  if (text === undefined) {
    const position = header.positions.get("SIGNAL_CONTENT");
    return position !== undefined && row.latin1?.has(position)
      ? rejectContent(row, header, () => notUtf8(Buffer.from(row.fields[position] as string, "latin1")))
      : build(row, header);
  }
  const found = readPayload(text);
  return found instanceof Promise ? found.then((payload) => withContent(row, header, text, payload)) : withContent(row, header, text, found);
}

/** Where bytes are not UTF-8: behind the longest text that they begin with. */
function notUtf8(bytes: Buffer): string {
  let [good, bad] = [0, bytes.length + 1];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (beginningOf(bytes, middle) === undefined) bad = middle;
    else good = middle;
  }
  const at = Buffer.byteLength(beginningOf(bytes, good) ?? "");
  return `at byte ${at + 1}, which is 0x${bytes.toString("hex", at, at + 1)}, it is not UTF-8`;
}

/** The characters that are whole in the first bytes; undefined where these are not UTF-8. */
function beginningOf(bytes: Buffer, length: number): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, length), { stream: true });
  } catch {
    return undefined;
  }
}

/** The text of a fixed column; undefined where it is null, missing or not UTF-8. */
function cell(row: Row, header: Header, name: ExportHeader): string | undefined {
  const position = header.positions.get(name);
  if (position === undefined) return undefined;
  const field = row.fields[position] as string;
  return isNull(field) || row.latin1?.has(position) ? undefined : field;
}

function withContent(row: Row, header: Header, text: string, found: Found<Payload>): SignalRecord | Reject {
  if (found.kind === "fault") return rejectContent(row, header, () => found.fault);
  return found.kind === "nothing" ? build(row, header) : build(row, header, { text: plainJson(text), payload: found.value });
}

/** @param why what is wrong, and where, which repeats some of it */
const rejectContent = (row: Row, { isPrivate }: Header, why: () => string) =>
  isPrivate
    ? emptyReject(row, "content_not_json", "SIGNAL_CONTENT cannot be read")
    : rejectRow(row, "content_not_json", `SIGNAL_CONTENT cannot be read: ${why()}`);

interface Content {
  /** JSON as it came. */
  text: string;
  payload: Payload;
}

function build(row: Row, header: Header, content?: Content): SignalRecord | Reject {
  const leftovers = new Leftovers();
  const type = signalType(cell(row, header, "SIGNAL_TYPE"), content);
  if (type === undefined)
    return rejectRow(row, "no_signal_type", `the row has no SIGNAL_TYPE and SIGNAL_CONTENT ${content ? "names none" : "says nothing"}`);
  const known = knownSignalType(type) !== undefined;
  if (!known) leftovers.drift.push({ field: "SIGNAL_TYPE", reason: "unknown signal type" });

  const { table, channel, action } = placementOf(type, cell(row, header, "CATEGORY") ?? categoryIn(content));
  const record: SignalRecord = {
    kind: known ? "signal" : "unknown",
    table,
    record_no: row.record_no,
    signal_key: "",
    signal_type: type,
    occurred_at: "",
  };
  if (channel !== undefined) record.channel = channel;
  if (action !== undefined) record.action = action;
  fillFixed(record, row, header, leftovers);
  if (content) fillContent(record, content, leftovers);
  if (type === "order") record.items ??= [];

  const occurredAt = record[TIME_COLUMNS.find((name) => record[name] !== undefined) ?? ""];
  if (typeof occurredAt !== "string") return rejectRow(row, "no_timestamp", whyNoTime(row, header, content));
  record.occurred_at = occurredAt;
  const { signal_id: signalId } = record;
  record.signal_key = signalId === undefined || isNoId(signalId) ? (row.marks?.key ?? keyOf(record, row, header, content)) : bareId(signalId);

  const extra = leftovers.json();
  if (extra !== undefined) record.extra = extra;
  if (leftovers.drift.length > 0) record.drift = leftovers.drift;
  return record;
}

/** So much of an unreadable time is told. */
const MOST_SHOWN = 40;

function whyNoTime(row: Row, header: Header, content?: Content): string {
  const inContent = content && mirrored(content.payload, "SIGNAL_TIMESTAMP");
  const said = [
    ...TIME_HEADERS.flatMap((name) => {
      const text = cell(row, header, name);
      return text === undefined ? [] : [[name, text] as const];
    }),
    ...(inContent
      ? [[`${inContent.name} in SIGNAL_CONTENT`, typeof inContent.value === "string" ? inContent.value : stringifyJson(inContent.value)] as const]
      : []),
  ].map(([where, text]) => `${where} has ${JSON.stringify(text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text)}`);
  if (said.length === 0) return "no timestamp column and no signalTimestamp in SIGNAL_CONTENT holds a time";
  return `no column holds a time: ${said.join(", ")}, not an ISO 8601 time such as 2025-12-31T10:00:00Z`;
}

function signalType(column: string | undefined, content?: Content): string | undefined {
  if (column !== undefined && !isBlank(column)) return knownSignalType(withoutBlanks(column)) ?? withoutBlanks(column);
  return content && typeOf(content.payload);
}

function categoryIn(content?: Content): string | undefined {
  const said = content && mirrored(content.payload, "CATEGORY")?.value;
  return typeof said === "string" ? said : undefined;
}

/** Where it may stand when a signal happened: the first that has a time says. */
const TIME_COLUMNS = TIME_HEADERS.map((name) => name.toLowerCase());
/** Fixed columns that content says again. */
const MIRRORS = MIRRORED_HEADERS.map((header) => ({ header, column: header.toLowerCase(), ...EXPORT_COLUMNS[header] }));

/** Columns that build() fills by itself. */
const HANDLED = new Set<string>(["SIGNAL_TYPE", "SIGNAL_CONTENT"] satisfies ExportHeader[]);

function fillFixed(record: SignalRecord, row: Row, header: Header, leftovers: Leftovers): void {
  const { fields } = row;
  for (let position = 0; position < fields.length; position += 1) {
    const field = fields[position] as string;
    if (isNull(field)) continue;
    const meaning = header.fields[position] as FieldMeaning;
    if (row.latin1?.has(position)) leftovers.keep(meaning.header, field, "not UTF-8");
    else if (meaning.contact) record[meaning.column] = field;
    else if (!HANDLED.has(meaning.header)) fillColumn(record, meaning.header, meaning.column, meaning.fixed, field, leftovers);
  }
}

function fillColumn(record: SignalRecord, header: string, column: string, { kind, tables }: ExportColumn, field: string, leftovers: Leftovers): void {
  if (!tables.includes(record.table)) return leftovers.keep(header, field, "not a column of this table");
  if (kind === "text") {
    record[column] = field;
    return;
  }
  const held = leftovers.settle(fitKind(kind, field), header, field);
  if (held !== undefined) record[column] = held;
}

function fillContent(record: SignalRecord, content: Content, leftovers: Leftovers): void {
  record.signal_content = storedContent(content.text);
  if (record.signal_content !== content.text) leftovers.drift.push({ field: "SIGNAL_CONTENT", reason: "not valid Unicode" });
  for (const mirror of MIRRORS) fillMirror(record, mirror, content.payload, leftovers);
  if (record.table !== "behavior_signals") return;
  const { columns, items } = expandContent(content.payload, record.signal_type, leftovers);
  Object.assign(record, columns);
  if (items) record.items = items;
}

function fillMirror(record: SignalRecord, { header, column, kind, tables }: (typeof MIRRORS)[number], payload: Payload, leftovers: Leftovers): void {
  if (record[column] !== undefined || !(tables as readonly string[]).includes(record.table)) return;
  const said = mirrored(payload, header);
  if (!said) return;
  const held = leftovers.settle(fitKind(kind, said.value), said.name, said.value);
  if (held !== undefined) record[column] = held;
}

function keyOf(record: SignalRecord, row: Row, header: Header, content?: Content): string {
  // The fields as they stand, UTF-8 or not: two rows that differ in a damaged field are not one signal.
  const field = (position: number | undefined) =>
    position === undefined || isNull(row.fields[position] as string) ? "" : (row.fields[position] as string);
  return contentKey({
    type: record.signal_type,
    microseconds: microsecondsOf(record.occurred_at),
    columns: KEY_COLUMNS.map((name) => {
      const value = field(header.positions.get(name));
      return isNoId(value) ? "" : value;
    }),
    content: content?.text,
    damagedId:
      record.signal_id === undefined && field(header.positions.get("SIGNAL_ID")) !== "" ? field(header.positions.get("SIGNAL_ID")) : undefined,
    contact: contactFields(header).map(({ header: name, position }) => [name, field(position)] as const),
  });
}

/** The microseconds since 1970 of a canonical time, as text. */
function microsecondsOf(time: string): string {
  const rest = time.length > "2025-09-14T10:02:11.480Z".length ? time.slice(23, 26) : "000";
  return String(BigInt(Date.parse(`${time.slice(0, 23)}Z`)) * 1000n + BigInt(rest));
}
