/** Counts again, from the text of the files, what the generator says about them: another CSV parser, another reading of the contents. */
import { parse } from "csv-parse/sync";
import { CONTENT_FIELDS, ENVELOPE_FIELDS, ITEM_FIELDS, MIRRORED_FIELDS } from "../../schemas/content-fields.ts";
import { knownSignalType, LISTED_TYPES, type ListedType } from "../../schemas/signal-types.ts";
import type { FileTruth, Truth } from "../../samples/generator/truth.ts";

type Row = Record<string, string>;
type Json = Record<string, unknown>;

const NUMBERS: Readonly<Record<string, readonly string[]>> = {
  item_quantity: ["itemQuantity", "quantity"],
  unit_price: ["unitPrice", "price"],
  discount: ["discount"],
  number_of_results: ["numberOfResults"],
  inventory_quantity: ["inventoryQuantity"],
  msrp: ["msrp"],
  product_rating: ["productRating"],
  order_value: ["orderValue", "orderTotal"],
  order_subtotal: ["orderSubtotal"],
  order_shipping_handling: ["orderShippingHandling", "orderShip"],
  order_tax: ["orderTax"],
  order_discount: ["orderDiscount"],
};

const KNOWN = new Set([
  "orderedItems",
  ...Object.keys(MIRRORED_FIELDS),
  ...ENVELOPE_FIELDS,
  ...Object.entries(CONTENT_FIELDS).flatMap(([name, field]) => [name, ...("aliases" in field ? field.aliases : [])]),
  ...Object.values(CONTENT_FIELDS).flatMap((field) => ("aliasesByType" in field ? Object.values(field.aliasesByType).flat() : [])),
]);
const KNOWN_IN_ITEMS = new Set(Object.entries(ITEM_FIELDS).flatMap(([name, field]) => [name, ...("aliases" in field ? field.aliases : [])]));

/** The payload with everything that was wrapped around it. */
function flattened(content: Json): Json {
  for (const key of ["signal", "data", "value", "signalContent"]) {
    const inner = content[key];
    if (typeof inner !== "object" || inner === null) continue;
    const { [key]: _, ...around } = content;
    return flattened({ ...around, ...(inner as Json) });
  }
  return content;
}

/** Ten-thousandths, by moving the point in the number's text; undefined where it is no number. */
function units(value: unknown): bigint | undefined {
  const match = /^(-?\d+)(?:\.(\d{1,4}))?$/.exec(String(value));
  return match ? BigInt((match[1] ?? "") + (match[2] ?? "").padEnd(4, "0")) : undefined;
}

const decimal = (sum: bigint) =>
  String(sum < 0n ? -sum : sum)
    .padStart(5, "0")
    .replace(/(\d{4})$/, ".$1")
    .replace(/^/, sum < 0n ? "-" : "");
const decimals = (sums: Map<string, bigint>) => Object.fromEntries([...sums].map(([name, sum]) => [name, decimal(sum)]));
const add = (sums: Map<string, bigint>, name: string, amount: bigint) => sums.set(name, (sums.get(name) ?? 0n) + amount);
const count = (counts: Record<string, number>, name: string) => (counts[name] = (counts[name] ?? 0) + 1);

const contentOf = (row: Row): Json => (row["SIGNAL_CONTENT"] ? flattened(JSON.parse(row["SIGNAL_CONTENT"]) as Json) : {});
const behavesLike = (row: Row) => row["CATEGORY"] === "Behavior";
const numberIn = (content: Json, names: readonly string[]) => names.map((name) => content[name]).find((value) => value !== undefined);

function typeOf(row: Row, content: Json): ListedType {
  const type = knownSignalType(row["SIGNAL_TYPE"] || String(content["signalType"]));
  const listed = LISTED_TYPES.find((known) => known === type);
  if (!listed) throw new Error(`no signal type in ${JSON.stringify(row)}`);
  return listed;
}

function fileOf(expected: FileTruth, rows: Row[], loaded: Map<string, Row>): FileTruth {
  const file: FileTruth = {
    path: expected.path,
    mtime: expected.mtime,
    records: rows.length,
    inserted: 0,
    updated: 0,
    unchanged: 0,
    rejected: 0,
    unknownFields: {},
    unfitFields: {},
  };
  const keys = new Set<string>();
  for (const row of rows) {
    const whole = JSON.stringify(row);
    const key = row["SIGNAL_ID"] || whole;
    if (keys.has(key)) throw new Error(`twice in one file: ${key}`);
    keys.add(key);
    const before = loaded.get(key);
    file[before === undefined ? "inserted" : JSON.stringify(before) === whole ? "unchanged" : "updated"] += 1;
    loaded.set(key, row);
    const content = contentOf(row);
    const items = (content["orderedItems"] ?? []) as Json[];
    for (const field of Object.keys(content)) if (!KNOWN.has(field)) count(file.unknownFields, field);
    for (const field of new Set(items.flatMap((item) => Object.keys(item))))
      if (!KNOWN_IN_ITEMS.has(field)) count(file.unknownFields, `orderedItems[].${field}`);
    for (const names of Object.values(NUMBERS))
      for (const name of names) if (name in content && units(content[name]) === undefined) count(file.unfitFields, name);
  }
  return file;
}

/** What the truth must be, given the texts of the files in load order. Seed, paths and mtimes are taken as they are. */
export function recount(expected: Truth, texts: readonly string[]): Truth {
  const loaded = new Map<string, Row>();
  const files = texts.map((text, index) => {
    const file = expected.files[index];
    if (!file) throw new Error(`a file too many: ${index}`);
    const rows = parse<Row>(text, { columns: true, cast: (cell) => (cell === "\\N" ? "" : cell) });
    return fileOf(file, rows, loaded);
  });
  const signals = [...loaded.values()];
  const messages = new Map(signals.filter((row) => !behavesLike(row)).map((row) => [row["SIGNAL_ID"], row]));
  const truth: Truth = {
    seed: expected.seed,
    files,
    records: files.reduce((sum, { records }) => sum + records, 0),
    signals: signals.length,
    signalsByTable: { marketing_signals: signals.filter((row) => !behavesLike(row)).length, behavior_signals: signals.filter(behavesLike).length },
    signalsByType: Object.fromEntries(LISTED_TYPES.map((type) => [type, 0])) as Truth["signalsByType"],
    withoutSignalId: signals.filter((row) => !row["SIGNAL_ID"]).length,
    contacts: new Set(signals.map((row) => row["Customer ID"]).filter(Boolean)).size,
    occurredAt: { min: "9999", max: "" },
    sums: {},
    orderItems: { count: 0, amount: "" },
    unfitValues: {},
    messageBehavior: { matched: 0, unmatched: 0, none: 0 },
    revenue: { total: "", byCampaign: {}, byMessage: {} },
    bots: {
      opens: signals.filter((row) => row["BOT_DETECTED"] === "true" && row["SIGNAL_TYPE"]?.endsWith("Open")).length,
      clicks: signals.filter((row) => row["BOT_DETECTED"] === "true" && row["SIGNAL_TYPE"]?.endsWith("Click")).length,
    },
  };

  const sums = new Map(Object.keys(NUMBERS).map((column) => [column, 0n]));
  const [byCampaign, byMessage] = [new Map<string, bigint>(), new Map<string, bigint>()];
  let [amount, revenue] = [0n, 0n];
  for (const row of signals) {
    const content = contentOf(row);
    const type = typeOf(row, content);
    truth.signalsByType[type] += 1;
    const at =
      row["SIGNAL_TIMESTAMP"] ||
      (content["signalTimestamp"] as string) ||
      row["TIMESTAMP"] ||
      row["RECEIVED_TIMESTAMP"] ||
      row["OBSERVED_TIMESTAMP"] ||
      "";
    if (at < truth.occurredAt.min) truth.occurredAt.min = at;
    if (at > truth.occurredAt.max) truth.occurredAt.max = at;
    if (!behavesLike(row)) continue;
    for (const [column, names] of Object.entries(NUMBERS)) {
      const value = numberIn(content, names);
      const number = units(value);
      if (number !== undefined) add(sums, column, number);
      else if (value !== undefined) count(truth.unfitValues, column);
    }
    for (const item of (content["orderedItems"] ?? []) as Json[]) {
      truth.orderItems.count += 1;
      amount += ((units(numberIn(item, ["itemQuantity", "quantity"])) ?? 0n) * (units(numberIn(item, ["unitPrice", "price"])) ?? 0n)) / 10_000n;
    }
    const messageId = row["MESSAGE_SIGNAL_ID"];
    const message = messages.get(messageId || "none");
    truth.messageBehavior[!messageId ? "none" : message ? "matched" : "unmatched"] += 1;
    if (!message || type !== "order") continue;
    const value = units(numberIn(content, ["orderValue", "orderTotal"])) ?? 0n;
    revenue += value;
    add(byCampaign, message["CAMPAIGN_ID"] ?? "", value);
    add(byMessage, message["MESSAGE_ID"] ?? "", value);
  }
  truth.sums = decimals(sums);
  truth.orderItems.amount = decimal(amount);
  truth.revenue = { total: decimal(revenue), byCampaign: decimals(byCampaign), byMessage: decimals(byMessage) };
  return truth;
}
