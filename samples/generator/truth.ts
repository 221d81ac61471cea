/** What a warehouse must hold once the generated files are loaded, counted by the generator itself: nothing here reads a file back. */
import { snakeCase } from "../../schemas/names.ts";
import { SIGNAL_TYPES, type Table } from "../../schemas/signal-types.ts";
import {
  type Amounts,
  AMOUNTS,
  type Behavior,
  type Marketing,
  SENT_TYPES,
  type SentType,
  type Signal,
  unfitFields,
  unknownFields,
} from "./signal.ts";

/** Records by field: each record that has the field counts once. */
type Counts = Record<string, number>;

/** Sums as decimal text with four digits, as DuckDB prints the sum of a DECIMAL(18,4) column: "1234.5000". */
type Sums = Record<string, string>;

/** One file, as the ledger must have it. records = inserted + updated + unchanged + rejected. */
export interface FileTruth {
  /** Relative to the folder, with slashes; the file's name where there is one file only. */
  path: string;
  /** The mtime that the file must have, ISO 8601 in whole seconds. Of overlapping files, the later mtime wins. */
  mtime: string;
  records: number;
  inserted: number;
  updated: number;
  unchanged: number;
  rejected: number;
  /** Records with a content field that the schema does not know, by field: the reason "unknown field" in signalhouse.drift. */
  unknownFields: Counts;
  /** Records with a content field whose value fits no number ("10%"), by field: the reason "does not fit". */
  unfitFields: Counts;
}

/** Unless it says otherwise, a number counts signals after all files are loaded: of a repeated signal, only the last version. */
export interface Truth {
  seed: number;
  /** The files in load order. */
  files: FileTruth[];
  /** Records of all files, repeated ones included. */
  records: number;
  /** Distinct signals. */
  signals: number;
  signalsByTable: Record<Table, number>;
  signalsByType: Record<SentType, number>;
  /** Behavior signals whose SIGNAL_ID is empty. */
  withoutSignalId: number;
  /** Distinct values of the contact attribute "Customer ID". */
  contacts: number;
  /** The first and last occurred_at; empty where there is no signal. */
  occurredAt: { min: string; max: string };
  /** Sums of columns of behavior_signals. item_quantity is filled by addToCart only. A value that does not fit is null and adds nothing. */
  sums: Sums;
  /** Rows of order_items, and the sum of unit_price * item_quantity over them. */
  orderItems: { count: number; amount: string };
  /** Behavior signals with null in a column because the value does not fit, by column. */
  unfitValues: Counts;
  /** Behavior signals: MESSAGE_SIGNAL_ID is the SIGNAL_ID of a marketing signal, of none in these files, or empty. */
  messageBehavior: { matched: number; unmatched: number; none: number };
  /** Sum of order_value over the matched orders; by campaign_id and message_id of the click that led to them. */
  revenue: { total: string; byCampaign: Sums; byMessage: Sums };
  /** Marketing signals with bot_detected. */
  bots: { opens: number; clicks: number };
}

/** Ten-thousandths as DuckDB prints a DECIMAL with four digits: "-0.5000". */
export function decimalText(tenThousandths: bigint): string {
  const size = tenThousandths < 0n ? -tenThousandths : tenThousandths;
  return `${tenThousandths < 0n ? "-" : ""}${size / 10_000n}.${String(size % 10_000n).padStart(4, "0")}`;
}

/** A sum, exact. */
class Sum {
  #tenThousandths = 0n;

  add(tenThousandths: bigint): void {
    this.#tenThousandths += tenThousandths;
  }

  toString(): string {
    return decimalText(this.#tenThousandths);
  }
}

const texts = (sums: Iterable<[string, Sum]>): Sums =>
  Object.fromEntries([...sums].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([name, sum]) => [name, sum.toString()]));

function addTo(sums: Map<string, Sum>, name: string, tenThousandths: bigint): void {
  let sum = sums.get(name);
  if (!sum) sums.set(name, (sum = new Sum()));
  sum.add(tenThousandths);
}

const timeText = (at: number) => new Date(at).toISOString();

function count(counts: Counts, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

/** Counts signals. Memory: one byte a contact. */
export class Tally {
  readonly #has: (signal: Marketing) => boolean;
  readonly #truth: Truth;
  readonly #contacts: Uint8Array;
  readonly #sums = Object.fromEntries(AMOUNTS.map((field) => [field, new Sum()])) as Record<keyof Amounts, Sum>;
  readonly #items = new Sum();
  readonly #revenue = { total: new Sum(), byCampaign: new Map<string, Sum>(), byMessage: new Map<string, Sum>() };
  #first = Infinity;
  #last = -Infinity;

  /**
   * @param contacts how many contacts there may be
   * @param has whether a signal is in one of the files
   */
  constructor(seed: number, contacts: number, has: (signal: Marketing) => boolean) {
    this.#has = has;
    this.#contacts = new Uint8Array(contacts);
    const signalsByType = Object.fromEntries(SENT_TYPES.map((type) => [type, 0])) as Record<SentType, number>;
    this.#truth = {
      seed,
      files: [],
      records: 0,
      signals: 0,
      signalsByTable: { marketing_signals: 0, behavior_signals: 0 },
      signalsByType,
      withoutSignalId: 0,
      contacts: 0,
      occurredAt: { min: "", max: "" },
      sums: {},
      orderItems: { count: 0, amount: "" },
      unfitValues: {},
      messageBehavior: { matched: 0, unmatched: 0, none: 0 },
      revenue: { total: "", byCampaign: {}, byMessage: {} },
      bots: { opens: 0, clicks: 0 },
    };
  }

  /** Starts the next file; the records that follow are its own. */
  startFile(path: string, mtime: string): void {
    const nothing = { records: 0, inserted: 0, updated: 0, unchanged: 0, rejected: 0 };
    this.#truth.files.push({ path, mtime, ...nothing, unknownFields: {}, unfitFields: {} });
  }

  /**
   * A record of the current file.
   * @param outcome what loading it does
   * @param last whether no later file has the signal again
   */
  add(signal: Signal, outcome: "inserted" | "updated" | "unchanged", last: boolean): void {
    const file = this.#truth.files.at(-1);
    if (!file) throw new Error("a record before the first file");
    file.records += 1;
    file[outcome] += 1;
    this.#truth.records += 1;
    if (signal.table === "behavior_signals") {
      for (const field of unknownFields(signal)) count(file.unknownFields, field);
      for (const field of unfitFields(signal)) count(file.unfitFields, field);
    }
    if (last) this.#addSignal(signal);
  }

  /** The truth about everything that was added. */
  truth(): Truth {
    const { total, byCampaign, byMessage } = this.#revenue;
    return {
      ...this.#truth,
      occurredAt: this.#truth.signals > 0 ? { min: timeText(this.#first), max: timeText(this.#last) } : { min: "", max: "" },
      sums: texts(Object.entries(this.#sums).map(([field, sum]) => [snakeCase(field), sum])),
      orderItems: { count: this.#truth.orderItems.count, amount: this.#items.toString() },
      revenue: { total: total.toString(), byCampaign: texts(byCampaign), byMessage: texts(byMessage) },
    };
  }

  #addSignal(signal: Signal): void {
    const truth = this.#truth;
    truth.signals += 1;
    truth.signalsByTable[signal.table] += 1;
    truth.signalsByType[signal.type] += 1;
    this.#first = Math.min(this.#first, signal.at);
    this.#last = Math.max(this.#last, signal.at);
    if (signal.contact?.customerId !== undefined && this.#contacts[signal.contact.number] === 0) {
      this.#contacts[signal.contact.number] = 1;
      truth.contacts += 1;
    }
    if (signal.table === "behavior_signals") this.#addBehavior(signal);
    else if (signal.botReason !== undefined) truth.bots[SIGNAL_TYPES[signal.type].action === "open" ? "opens" : "clicks"] += 1;
  }

  #addBehavior(signal: Behavior): void {
    const truth = this.#truth;
    if (signal.id === "") truth.withoutSignalId += 1;
    const unfit = unfitFields(signal);
    for (const field of unfit) count(truth.unfitValues, snakeCase(field));
    for (const field of AMOUNTS) {
      const hundredths = signal.amounts[field];
      if (hundredths !== undefined && !unfit.includes(field)) this.#sums[field].add(BigInt(hundredths) * 100n);
    }
    for (const { amounts } of signal.items) {
      truth.orderItems.count += 1;
      this.#items.add(BigInt(amounts.itemQuantity) * BigInt(amounts.unitPrice)); // hundredths times hundredths
    }
    this.#addCause(signal);
  }

  #addCause({ session: { cause }, amounts: { orderValue } }: Behavior): void {
    const { messageBehavior } = this.#truth;
    if (cause === undefined) messageBehavior.none += 1;
    else if (typeof cause === "string" || !this.#has(cause)) messageBehavior.unmatched += 1;
    else {
      messageBehavior.matched += 1;
      if (orderValue === undefined) return;
      const value = BigInt(orderValue) * 100n;
      this.#revenue.total.add(value);
      addTo(this.#revenue.byCampaign, cause.message.campaign.id, value);
      addTo(this.#revenue.byMessage, cause.message.id, value);
    }
  }
}
