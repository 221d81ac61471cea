/** The typed record, as a TypeScript union discriminated by signal_type; its fields are derived from the column data. */
import type { CONTENT_FIELDS, ITEM_FIELDS } from "./content-fields.ts";
import type { CORE_HEADERS, EXPORT_COLUMNS, ExportHeader } from "./export-columns.ts";
import type { KindValues } from "./kinds.ts";
import type { SnakeCase } from "./names.ts";
import type { RejectCode } from "./reject-codes.ts";
import type { BehaviorType, MarketingType, SIGNAL_TYPES, Table } from "./signal-types.ts";

type KindOf<F> = F extends { kind: infer K extends keyof KindValues } ? KindValues[K] : never;

type ExportFields<T extends Table> = {
  [
    H in Exclude<ExportHeader, (typeof CORE_HEADERS)[number]> as T extends (typeof EXPORT_COLUMNS)[H]["tables"][number] ? Lowercase<H> : never
  ]?: KindOf<(typeof EXPORT_COLUMNS)[H]>;
};

type FieldColumns<F> = { [N in keyof F & string as SnakeCase<N>]?: KindOf<F[N]> };
type Documented<B extends BehaviorType> = {
  [N in keyof typeof CONTENT_FIELDS as B extends (typeof CONTENT_FIELDS)[N]["types"][number] ? N : never]: (typeof CONTENT_FIELDS)[N];
};

/** Why a value is in `extra`: rather than in a column, or, where it is rounded, beside that. */
export type DriftReason =
  | "unknown field"
  | "does not fit"
  | "rounded"
  | "not a column of this table"
  | "second name of a field"
  | "name stands twice"
  | "not UTF-8"
  | "unknown signal type"
  | "not valid Unicode"
  | "not an id"
  | "id of another type"
  | "id at another time";

/** Something that the data has and the schema does not know. */
export interface Drift {
  /** The header, the content field, `orderedItems[].field`, or SIGNAL_TYPE. */
  field: string;
  reason: DriftReason;
}

/** What every signal has. A field without a value is absent. */
interface SignalBase {
  /** 1-based number of the data record in its file, rejects counted. */
  record_no: number;
  /** SIGNAL_ID without blanks around it, or `h:` and a hash of what the signal says where that is empty or none. */
  signal_key: string;
  signal_id?: string;
  /** When it happened, ISO 8601 in UTC. */
  occurred_at: string;
  /** SIGNAL_CONTENT as it came: JSON text. */
  signal_content?: string;
  /** What fits no column, as JSON text of an object, each value under its own name. */
  extra?: string;
  /** What this record has that the schema does not know; absent where there is nothing. */
  drift?: Drift[];
  /** Contact attributes, by column name. */
  [contact: `contact_${string}`]: string;
}

/** A line of an order. */
export type OrderItem = FieldColumns<typeof ITEM_FIELDS> & { item_no: number; extra?: string };

export type MarketingSignal<T extends MarketingType = MarketingType> = {
  [M in T]: SignalBase &
    ExportFields<"marketing_signals"> & {
      kind: "signal";
      table: "marketing_signals";
      signal_type: M;
      channel: (typeof SIGNAL_TYPES)[M]["channel"];
      action: (typeof SIGNAL_TYPES)[M]["action"];
    };
}[T];

export type BehaviorSignal<T extends BehaviorType = BehaviorType> = {
  [B in T]: SignalBase &
    ExportFields<"behavior_signals"> &
    FieldColumns<Documented<B>> & { kind: "signal"; table: "behavior_signals"; signal_type: B } & (B extends "order"
      ? { items: OrderItem[] }
      : unknown);
}[T];

/** A row that could not become a record, kept whole. */
export interface Reject {
  kind: "reject";
  record_no: number;
  code: RejectCode;
  /** What is wrong with this row, and where. */
  reason: string;
  /** The row's text as it came, without its line end; bytes that are not UTF-8 read as U+FFFD. */
  raw: string;
  /** The row's bytes, only where `raw` does not say them exactly. */
  raw_bytes?: Uint8Array;
  /** Whether it is of somebody who was forgotten, so that it is counted, and not kept. */
  isForgotten?: true;
}

/** A signal of one of the types that are known. `signal_type` tells which, and with it which fields there are. */
export type KnownSignal = MarketingSignal | BehaviorSignal;

/** A signal of a type that is new to signalhouse. */
export type UnknownSignal = SignalBase &
  ExportFields<"marketing_signals"> &
  ExportFields<"behavior_signals"> &
  FieldColumns<typeof CONTENT_FIELDS> & { kind: "unknown"; table: Table; signal_type: string; channel?: string; action?: string };

/**
 * A record as the code builds and stages it: every column of its table by name, whatever its signal type.
 * `KnownSignal` is the same object with its type narrowed by `signal_type`.
 */
export interface SignalRecord extends SignalBase {
  /** "unknown" where the signal's type is new to signalhouse. */
  kind: "signal" | "unknown";
  table: Table;
  signal_type: string;
  channel?: string;
  action?: string;
  items?: OrderItem[];
  [column: string]: unknown;
}
