/** The same as private-records.ts of rows that are in a warehouse: they become what they would be, had their records come without what privacy lists. */
import type { ContactColumn } from "../schemas/header.ts";
import { stringifyJson } from "../schemas/kinds.ts";
import type { OrderItem } from "../schemas/record.ts";
import type { Table } from "../schemas/signal-types.ts";
import { expandContent, Leftovers } from "./content.ts";
import { meaningOf } from "./header.ts";
import { contentOfStored, readJsonNow, storedContent } from "./json.ts";
import { isObject, type JsonObject, type Payload, readPayload } from "./payload.ts";
import { rewriteJson } from "./private-json.ts";
import type { PrivateRecords } from "./private-records.ts";

/** What of a row may have something in it that is listed, besides contact columns. */
export interface StoredRow {
  table: Table;
  signal_type: string;
  /** As the row has it; null where it has none. */
  content: string | null;
  extra: string | null;
  /** Contact columns that are null, by the header of their attribute: an attribute that was no UTF-8 is in extra. */
  missing: Readonly<Record<string, string>>;
}

/** What it is to have. */
export interface PrivateRow {
  content: string | null;
  extra: string | null;
  /** All columns that content fills, as text, of a behavior signal; those that are not there are null. */
  columns: Record<string, unknown>;
  /** Of an order. */
  items: readonly OrderItem[] | undefined;
  /** Contact columns that have a value now. */
  contact: Record<string, string>;
}

export class PrivateRows {
  readonly #records: PrivateRecords;
  readonly #header;

  /** @param columns the contact columns of the warehouse */
  constructor(records: PrivateRecords, columns: readonly ContactColumn[]) {
    this.#records = records;
    this.#header = meaningOf(
      columns.map(({ header }) => header),
      columns,
    );
  }

  /** What a content must have in it, as it is written, for anything to be done with it. */
  get words(): readonly string[] {
    return this.#records.words;
  }

  /** @returns undefined where the row is as it is to be */
  async rewrite(row: StoredRow): Promise<PrivateRow | undefined> {
    const { table, signal_type: type, extra } = row;
    const before = row.content === null ? undefined : contentOfStored(row.content);
    const after = before === undefined ? undefined : rewriteJson(before, this.#records.rulesOf(this.#header))?.text;
    const old = before === undefined ? undefined : await payloadOf(before);
    const content = after === undefined ? row.content : storedContent(after);
    const held = objectOf(extra ?? undefined);
    const fixed = table === "behavior_signals" ? fixedOf(held, old, type) : held;
    const contact = this.#takeAttributes(fixed, row.missing);
    if (content === row.content && contact === undefined) return undefined;
    const made = after === undefined ? undefined : await payloadOf(after);
    const leftovers = new Leftovers(Object.entries(contact?.fixed ?? fixed));
    const { columns, items } = table === "behavior_signals" && made ? expandContent(made, type, leftovers) : { columns: {}, items: undefined };
    const all = type === "order" ? (items ?? []) : undefined;
    return { content, extra: leftovers.json() ?? null, columns, items: all, contact: contact?.columns ?? {} };
  }

  /** Takes listed attributes out of what extra has of columns. @returns undefined where there are none */
  #takeAttributes(fixed: JsonObject, missing: StoredRow["missing"]): { fixed: JsonObject; columns: Record<string, string> } | undefined {
    const columns: Record<string, string> = {};
    const taken = Object.entries(missing).flatMap(([header, column]) => {
      const replace = this.#records.attributeOf(this.#header, header);
      const value = fixed[header];
      if (!replace || typeof value !== "string") return [];
      const made = replace(value);
      if (made !== undefined) columns[column] = made;
      return [header];
    });
    if (taken.length === 0) return undefined;
    return { fixed: Object.fromEntries(Object.entries(fixed).filter(([name]) => !taken.includes(name))), columns };
  }
}

async function payloadOf(content: string): Promise<Payload | undefined> {
  const found = await readPayload(content);
  return found.kind === "value" ? found.value : undefined;
}

/** What of extra is not of the content, but of columns. */
function fixedOf(held: JsonObject, payload: Payload | undefined, type: string): JsonObject {
  if (!payload) return held;
  const ofContent = objectOf(contentExtra([], payload, type));
  const left = Object.entries(held).filter(([name, value]) => !Object.hasOwn(ofContent, name) || !isSame(ofContent[name], value));
  // A name that both have gets a number: that shows in what is made of them.
  if (contentExtra(left, payload, type) === stringifyJson(held)) return Object.fromEntries(left);
  const own = Object.entries(held).filter(([name]) => !Object.hasOwn(ofContent, name.replace(/_\d+$/, "")) || /^[A-Z_]+$/.test(name));
  return Object.fromEntries(own);
}

function contentExtra(kept: readonly (readonly [string, unknown])[], payload: Payload, type: string): string | undefined {
  const leftovers = new Leftovers(kept);
  expandContent(payload, type, leftovers);
  return leftovers.json();
}

function objectOf(json: string | undefined): JsonObject {
  const read = json === undefined ? undefined : readJsonNow(json);
  return read && read.fault === undefined && isObject(read.value) ? read.value : {};
}

const isSame = (one: unknown, other: unknown) => stringifyJson(one) === stringifyJson(other);
