/** A warehouse against what is known of the exports. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Truth } from "../../samples/generator/truth.ts";
import { quoteIdentifier } from "../../schemas/names.ts";
import { amountsLeftOut } from "../../sinks/amounts.ts";
import { placeOf } from "../../sinks/places.ts";
import { verifyWarehouse } from "../../sinks/verify.ts";
import { openWarehouse } from "../../sinks/warehouse.ts";

/** Counts and sums by name; sums have four digits, as DuckDB prints a DECIMAL(38, 4). */
export type Figures = Map<string, string>;

/** What the warehouse must have of exports that have no signal in common. */
export function expectedFigures(truths: readonly Truth[]): Figures {
  const all = truths.map((truth) => new Map(figuresOf(truth)));
  const names = [...new Set(all.flatMap((figures) => [...figures.keys()]))];
  return new Map(names.map((name) => [name, all.map((figures) => figures.get(name) ?? "0").reduce(sum)]));
}

function figuresOf({ signalsByType, sums, orderItems, unfitValues, withoutSignalId, messageBehavior, revenue, bots }: Truth): [string, string][] {
  const all = (prefix: string, values: Readonly<Record<string, unknown>>) =>
    Object.entries(values).map(([name, value]): [string, string] => [`${prefix} ${name}`, String(value)]);
  return [
    ...all("signals", signalsByType),
    ...all("sum", sums),
    ...all("order items", orderItems),
    ...all("left out", unfitValues),
    ...all("behavior", { "without id": withoutSignalId, ...messageBehavior }),
    ...all("revenue", { total: revenue.total }),
    ...all("revenue of campaign", revenue.byCampaign),
    ...all("revenue of message", revenue.byMessage),
    ...all("bot", bots),
  ];
}

/** Exact, of whole numbers and of decimals with four digits. */
function sum(one: string, other: string): string {
  const total = tenThousandths(one) + tenThousandths(other);
  if (!one.includes(".") && !other.includes(".")) return String(total / 10_000n);
  return `${total / 10_000n}.${String(total % 10_000n).padStart(4, "0")}`;
}

const tenThousandths = (text: string) => BigInt(text.includes(".") ? text.replace(".", "") : `${text}0000`);

/** The figures as the warehouse has them. @param names those that are asked for */
async function foundFigures(connection: DuckDBConnection, names: Iterable<string>): Promise<Figures> {
  const found: Figures = new Map();
  const add = async (sql: string) => {
    const rows = (await connection.runAndReadAll(sql)).getRowsJson() as [string, string | number][];
    for (const [name, value] of rows) found.set(name, String(value));
  };
  const columns = (prefix: string) => [...names].flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
  await add(
    "SELECT 'signals ' || signal_type, count(*) FROM (SELECT signal_type FROM marketing_signals UNION ALL SELECT signal_type FROM behavior_signals) GROUP BY ALL",
  );
  for (const column of columns("sum "))
    await add(`SELECT 'sum ${column}', coalesce(sum(${quoteIdentifier(column)}), 0)::DECIMAL(38, 4) FROM behavior_signals`);
  await add("SELECT 'order items count', count(*) FROM order_items");
  await add("SELECT 'order items amount', coalesce(sum(unit_price * item_quantity), 0)::DECIMAL(38, 4) FROM order_items");
  await add("SELECT 'behavior without id', count(*) FROM behavior_signals WHERE signal_id IS NULL");
  await add("SELECT 'behavior matched', count(*) FROM message_behavior WHERE matched");
  await add("SELECT 'behavior unmatched', count(*) FROM message_behavior WHERE NOT matched AND message_signal_id IS NOT NULL");
  await add("SELECT 'behavior none', count(*) FROM message_behavior WHERE NOT matched AND message_signal_id IS NULL");
  const revenue = "FROM message_behavior WHERE signal_type = 'order' AND matched AND order_value IS NOT NULL";
  await add(`SELECT 'revenue total', coalesce(sum(order_value), 0)::DECIMAL(38, 4) ${revenue}`);
  await add(`SELECT 'revenue of campaign ' || campaign_id, sum(order_value)::DECIMAL(38, 4) ${revenue} GROUP BY campaign_id`);
  await add(`SELECT 'revenue of message ' || message_id, sum(order_value)::DECIMAL(38, 4) ${revenue} GROUP BY message_id`);
  await add("SELECT 'bot opens', count(*) FROM marketing_signals WHERE bot_detected AND action = 'open'");
  await add("SELECT 'bot clicks', count(*) FROM marketing_signals WHERE bot_detected AND action = 'click'");
  for (const [column, amounts] of Object.entries(await amountsLeftOut(connection))) {
    if (column.startsWith("behavior_signals.")) found.set(`left out ${column.replace("behavior_signals.", "")}`, String(amounts));
  }
  return found;
}

/** A file as it lies on the server in the end. */
export interface FinalFile {
  path: string;
  size: number;
  /** Milliseconds since 1970. */
  mtime: number;
}

export interface Expected {
  figures: Figures;
  /** Each of them must be loaded, or known as the copy of one that is. */
  files: readonly FinalFile[];
  /** None of these may count as loaded. */
  rubbish: ReadonlySet<string>;
}

/** @returns what is not as it must be, a line each */
export async function checkWarehouse(path: string, { figures, files, rubbish }: Expected): Promise<string[]> {
  const warehouse = await openWarehouse(placeOf(path), { access: "read" });
  try {
    const { connection } = warehouse;
    const wrong = (await verifyWarehouse(connection)).filter(({ ok }) => !ok).map((check) => `verify: ${JSON.stringify(check)}`);
    const found = await foundFigures(connection, figures.keys());
    for (const name of new Set([...figures.keys(), ...found.keys()])) {
      const [expected, actual] = [figures.get(name) ?? "0", found.get(name) ?? "0"];
      if (tenThousandths(expected) !== tenThousandths(actual)) wrong.push(`${name}: ${actual}, expected ${expected}`);
    }
    const reader = await connection.runAndReadAll(
      "SELECT path, size_bytes::VARCHAR, epoch_ms(mtime)::VARCHAR, count(*)::INTEGER FROM signalhouse.loads WHERE status IN ('loaded', 'duplicate') GROUP BY ALL",
    );
    const known = new Set<string>();
    for (const [path, size, mtime, times] of reader.getRowsJson() as [string, string, string, number][]) {
      known.add(`${path} ${size} ${mtime}`);
      if (times > 1) wrong.push(`${path} (${size} bytes, ${mtime}) is in the ledger ${times} times`);
      if (rubbish.has(path)) wrong.push(`${path} counts as loaded`);
    }
    for (const { path, size, mtime } of files)
      if (!known.has(`${path} ${size} ${mtime}`)) wrong.push(`${path} (${size} bytes, ${mtime}) is not loaded`);
    return wrong;
  } finally {
    warehouse.close();
  }
}

/** Where loads lay their parts. */
const SHARED_MEMORY = "/dev/shm";
/** What may stay in the folder of a watch. */
const ALLOWED = ["signalhouse.config.json", "signals.duckdb", "health.json", "metrics.prom", "tmp"];

/** What of ours is in the machine's memory, which other processes of this machine share. */
export async function partsInMemory(): Promise<string[]> {
  const names = await readdir(SHARED_MEMORY).catch(() => []);
  return names.filter((name) => name.startsWith("signalhouse")).map((name) => `${SHARED_MEMORY}/${name}`);
}

/** What a killed process was writing the next one takes away, but for what is so young that somebody may still be at it. */
const YOUNG_MS = 2 * 3_600_000;

/** What lies in a watch's folders that should be gone. */
export async function leftIn(folder: string, temporary: string): Promise<string[]> {
  const isYoung = async (name: string) => /^\..+\.tmp-/.test(name) && Date.now() - (await stat(join(folder, name))).mtimeMs < YOUNG_MS;
  const strange: string[] = [];
  for (const name of await readdir(folder)) if (!ALLOWED.includes(name) && !(await isYoung(name))) strange.push(name);
  return [...strange.map((name) => `${folder}/${name}`), ...(await readdir(temporary)).map((name) => `${temporary}/${name}`)];
}
