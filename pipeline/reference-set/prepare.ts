/** From a source to a file that is ready to be written, with all rules checked. Nothing leaves the machine here. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { listedAs, NO_PRIVACY, type PrivacySettings } from "../../schemas/privacy.ts";
import {
  attributeViolations,
  type DelimiterName,
  FILE_BYTES,
  type ImportMode,
  type KnownSet,
  mappingViolations,
  newSetViolations,
  type RefsetDefinition,
  RULES,
  setNameViolations,
  type Violation,
} from "../../schemas/reference-set.ts";
import type { Column } from "../../sinks/reference-set/cells.ts";
import { byRow, checkValues } from "../../sinks/reference-set/check.ts";
import type { Scratch } from "../../sinks/reference-set/scratch.ts";
import {
  type Changes,
  changesOf,
  choosePunctuation,
  createCells,
  createSheet,
  sendingSize,
  type SheetPrivacy,
} from "../../sinks/reference-set/sheet.ts";
import { keptPrivacy, privacySecret } from "../../sinks/privacy.ts";
import { isPseudonymSql } from "../../sinks/pseudonym-sql.ts";
import { onlyRow } from "../../sinks/sql.ts";
import type { UseWarehouse } from "../common/door.ts";
import { readPhoneColumns, refuseCountry } from "./phones.ts";
import { settleColumns } from "./settle.ts";
import { stageSource } from "./source.ts";

/** What a user wants of a push. */
export interface RefsetWish {
  set: string;
  definition: RefsetDefinition & { source: NonNullable<RefsetDefinition["source"]> };
  mode?: ImportMode | undefined;
  /** Send only rows that were not pushed as they are. */
  changed: boolean;
  /** Violations that are told. */
  maxErrors: number;
}

/** What Connect has, where it was asked. */
export interface ConnectView {
  sets: readonly { name: string; type: string }[];
  known: KnownSet | undefined;
  /** How many sets are allowed. */
  setLimit: number;
}

/** A file that could be written. */
export interface Prepared {
  columns: Column[];
  mode: ImportMode;
  delimiter: DelimiterName;
  /** Rows of the source, and those of them that are to be sent. */
  rows: number;
  sending: number;
  /** Bytes of the file. */
  bytes: number;
  /** What is new and what is gone since the last push; only with `changed`. */
  changes: Changes | undefined;
  /** The first broken rules, and how many there are in all: with a single one nothing is sent. */
  violations: Violation[];
  violationCount: number;
  /** What is worth knowing. */
  notes: string[];
}

/**
 * Stages the source, settles the columns, checks every value, and lays out the file in the scratch.
 * @param view undefined where Connect is not asked
 * @param options.fileBytes the vendor's limit, or a smaller one
 * @param options.privacy what the configuration lists: of such columns nothing is remembered as it is
 * @throws SignalhouseError as stageSource and settleColumns
 */
export async function prepareFile(
  scratch: Scratch,
  wish: RefsetWish,
  view: ConnectView | undefined,
  readWarehouse: UseWarehouse,
  { fileBytes = FILE_BYTES, privacy = NO_PRIVACY }: { fileBytes?: number; privacy?: PrivacySettings } = {},
): Promise<Prepared> {
  const { set, definition, maxErrors } = wish;
  refuseCountry(definition);
  const known = view?.known;
  const mode = wish.mode ?? (known ? "ADD_UPDATE" : "CREATE");
  const staged = await stageSource(scratch, definition.source, { readWarehouse, pushed: wish.changed ? set : undefined, most: maxErrors });
  return scratch.use(async (connection) => {
    const settled = await settleColumns(connection, staged.columns, definition, known);
    const { columns } = settled;
    const violations = [
      ...setNameViolations(set),
      ...(view && mode === "CREATE" ? newSetViolations(set, view.sets, view.setLimit) : []),
      ...attributeViolations(columns),
      ...(known && mode !== "CREATE" ? mappingViolations(mode, columns, known) : []),
      ...settled.violations,
      ...staged.violations,
    ];
    const notes: string[] = [];
    let count = violations.length - staged.violations.length + staged.violationCount;
    // Of columns that cannot be what they should, the values say nothing.
    const isWritable = !settled.violations.some(({ rule }) => rule === "attribute_type");
    if (isWritable) {
      notes.push(...(await readPhoneColumns(connection, columns, definition.country)));
      await createCells(connection, columns);
    }
    const values = isWritable ? await checkValues(connection, columns, maxErrors) : undefined;
    violations.push(...(values?.violations ?? []));
    count += values?.count ?? 0;
    notes.push(...(values?.warnings ?? []), ...decimalNotes(columns, known));
    if (isWritable) notes.push(...(await pseudonymNotes(connection, columns)));
    for (const { column, values: many } of values?.normalized ?? [])
      notes.push(`${many.toLocaleString("en-US")} values of "${column}" were normalized`);
    const base = { columns, mode, rows: (values?.rows ?? 0) + staged.leftOut, notes };
    const broken = (found: Violation[], many: number): Prepared => {
      const told = { violations: found.toSorted(byRow).slice(0, maxErrors), violationCount: many };
      return { ...base, ...told, delimiter: "comma", sending: 0, bytes: 0, changes: undefined };
    };
    if (count > 0) return broken(violations, count);

    const punctuation = await choosePunctuation(connection, columns, definition.delimiter ?? "auto");
    const { delimiter } = punctuation;
    if (punctuation.quotes) notes.push(`values have the ${delimiter}, a quote or a line break in them: such fields are quoted (RFC 4180)`);
    const header = definition.header ?? true;
    await createSheet(connection, columns, delimiter, wish.changed && mode === "ADD_UPDATE", await sheetPrivacy(columns, privacy, readWarehouse));
    const changes = wish.changed ? await changesOf(connection, maxErrors) : undefined;
    const sending = await sendingSize(connection, columns, delimiter, header);
    const late: Violation[] = [];
    if (sending.bytes > fileBytes) {
      const message = `the file would have ${sending.bytes.toLocaleString("en-US")} bytes, but ${RULES.file_size}; send fewer rows or columns at a time`;
      late.push({ rule: "file_size", message });
    }
    if (values?.rows === 0 && mode !== "ADD_UPDATE") late.push({ rule: "rows", message: `the source has no rows, but ${mode} needs some` });
    if (late.length > 0) return broken(late, late.length);
    return { ...base, delimiter, sending: sending.rows, bytes: sending.bytes, changes, violations: [], violationCount: 0 };
  });
}

/** How rows are remembered where one of their columns is listed; undefined where none is. @throws SignalhouseError as readWarehouse; config_invalid */
async function sheetPrivacy(
  columns: readonly Column[],
  { columns: listed }: PrivacySettings,
  readWarehouse: UseWarehouse,
): Promise<SheetPrivacy | undefined> {
  const names = new Set(Object.keys(listed).map(listedAs));
  const lists = (name: string) => names.has(listedAs(name));
  if (!columns.some(({ name, source }) => lists(name) || lists(source.name))) return undefined;
  const secret = await readWarehouse(async ({ connection, privacyKey }) => privacySecret(connection, privacyKey, await keptPrivacy(connection)));
  return { secret, lists };
}

/** Pseudonyms that a set would send. */
async function pseudonymNotes(connection: DuckDBConnection, columns: readonly Column[]): Promise<string[]> {
  const texts = columns.flatMap(({ name, type }, index) => (type === "TEXT" ? [{ name, cell: `a${index + 1}` }] : []));
  if (texts.length === 0) return [];
  const counts = texts.map(({ cell }) => `count(*) FILTER (${isPseudonymSql(cell)}) AS ${cell}`);
  const found = await onlyRow<Record<string, bigint>>(connection, `SELECT ${counts.join(", ")} FROM cells`);
  return texts.flatMap(({ name, cell }) =>
    (found[cell] ?? 0n) > 0n
      ? [
          `"${name}" has ${(found[cell] as bigint).toLocaleString("en-US")} pseudonyms, which mean nothing to Connect: the configuration's privacy lists where they come from`,
        ]
      : [],
  );
}

/** What an attribute that is there does with decimals was said when it was made. */
function decimalNotes(columns: readonly Column[], known: KnownSet | undefined): string[] {
  const there = columns.filter(({ name, decimals }) => decimals !== undefined && known?.attributes.some((attribute) => attribute.name === name));
  return there.map(
    ({ name, decimals }) => `"${name}" is in the set already, and keeps the precision that it has; no value has more than ${decimals} decimals`,
  );
}

/** Whether there is nothing to send. */
export function isNothing({ mode, sending, changes }: Prepared): boolean {
  if (mode === "ADD_UPDATE") return sending === 0;
  return changes !== undefined && changes.changed === 0 && changes.goneCount === 0;
}
