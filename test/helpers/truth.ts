/** A warehouse against the truth that the generator tells about its files: every count and sum. */
import { expect } from "vitest";
import type { FileTruth, Truth } from "../../samples/generator/truth.ts";
import { LISTED_TYPES, SIGNAL_TYPES } from "../../schemas/signal-types.ts";
import { readStatus } from "../../sinks/status.ts";
import type { Scratch } from "./warehouse.ts";

/** @param pathOf what the ledger calls a file of the truth; by default what the truth calls it */
export async function expectTruth(scratch: Scratch, truth: Truth, pathOf = (path: string) => path): Promise<void> {
  await scratch.prove();
  expect(await found(scratch, truth, pathOf)).toEqual(truth);
  await expectViews(scratch, truth);
  await expectRevenue(scratch, truth);
}

/** The truth as the warehouse tells it. */
async function found(scratch: Scratch, truth: Truth, pathOf: (path: string) => string): Promise<Truth> {
  const count = async (sql: string) => Number(await scratch.value(`SELECT count(*) FROM ${sql}`));
  const sums = async (sql: string) => {
    const rows = await scratch.rows(sql);
    return Object.fromEntries(rows.map((row) => Object.values(row) as [string, string]));
  };
  const [times = {}] = await scratch.rows(
    `SELECT strftime(min(occurred_at), '%Y-%m-%dT%H:%M:%S.%gZ') AS min, strftime(max(occurred_at), '%Y-%m-%dT%H:%M:%S.%gZ') AS max
     FROM (SELECT occurred_at FROM marketing_signals UNION ALL SELECT occurred_at FROM behavior_signals)`,
  );
  const types: Partial<Truth["signalsByType"]> = {};
  for (const type of LISTED_TYPES) {
    types[type] = await count(`${SIGNAL_TYPES[type].table} WHERE signal_type = '${type}'`);
  }
  const amounts: Truth["sums"] = {};
  for (const column of Object.keys(truth.sums))
    amounts[column] = String(await scratch.value(`SELECT coalesce(sum(${column}), 0)::DECIMAL(38, 4) FROM behavior_signals`));
  const left = (await readStatus(scratch.warehouse.connection)).amounts_left_out;
  const unfit = Object.fromEntries(Object.entries(left).map(([column, amounts]) => [column.replace("behavior_signals.", ""), amounts]));
  const [items = {}] = await scratch.rows(
    "SELECT count(*)::INTEGER AS count, coalesce(sum(unit_price * item_quantity), 0)::DECIMAL(38, 4) AS amount FROM order_items",
  );
  const revenue = "FROM message_behavior WHERE signal_type = 'order' AND matched";
  const files: FileTruth[] = [];
  for (const file of truth.files) files.push(await foundFile(scratch, file, pathOf(file.path)));
  return {
    seed: truth.seed,
    files,
    records: Number(await scratch.value("SELECT sum(records)::BIGINT FROM signalhouse.loads")),
    signals: (await count("marketing_signals")) + (await count("behavior_signals")),
    signalsByTable: { marketing_signals: await count("marketing_signals"), behavior_signals: await count("behavior_signals") },
    signalsByType: types as Truth["signalsByType"],
    withoutSignalId: await count("behavior_signals WHERE signal_id IS NULL"),
    contacts: await count(
      "(SELECT contact_customer_id FROM behavior_signals UNION SELECT contact_customer_id FROM marketing_signals) WHERE contact_customer_id IS NOT NULL",
    ),
    occurredAt: times as Truth["occurredAt"],
    sums: amounts,
    orderItems: items as Truth["orderItems"],
    unfitValues: unfit,
    messageBehavior: {
      matched: await count("message_behavior WHERE matched"),
      unmatched: await count("message_behavior WHERE NOT matched AND message_signal_id IS NOT NULL"),
      none: await count("message_behavior WHERE NOT matched AND message_signal_id IS NULL"),
    },
    revenue: {
      total: String(await scratch.value(`SELECT coalesce(sum(order_value), 0)::DECIMAL(38, 4) ${revenue}`)),
      byCampaign: await sums(`SELECT campaign_id, sum(order_value)::DECIMAL(38, 4) ${revenue} GROUP BY ALL`),
      byMessage: await sums(`SELECT message_id, sum(order_value)::DECIMAL(38, 4) ${revenue} GROUP BY ALL`),
    },
    bots: {
      opens: await count("marketing_signals WHERE bot_detected AND action = 'open'"),
      clicks: await count("marketing_signals WHERE bot_detected AND action = 'click'"),
    },
  };
}

/** What the ledger and the drift table say of a file. There is no other drift than what the truth names. */
async function foundFile(scratch: Scratch, { path, mtime }: FileTruth, ledgerPath: string): Promise<FileTruth> {
  const [load] = await scratch.rows(
    `SELECT load_id, strftime(mtime, '%Y-%m-%dT%H:%M:%SZ') AS mtime FROM signalhouse.loads WHERE path = '${ledgerPath}' AND status = 'loaded'`,
  );
  const drift = await scratch.rows(
    `SELECT field, reason, sum(records)::INTEGER AS records FROM signalhouse.drift WHERE load_id = ${String(load?.["load_id"])} GROUP BY ALL`,
  );
  const driftOf = (reason: string) =>
    Object.fromEntries(drift.filter((row) => row["reason"] === reason).map((row) => [row["field"], row["records"]])) as Record<string, number>;
  expect(drift.filter(({ reason }) => reason !== "unknown field" && reason !== "does not fit")).toEqual([]);
  expect(load?.["mtime"]).toBe(mtime);
  return {
    path,
    mtime,
    ...(await scratch.counts(ledgerPath)),
    unknownFields: driftOf("unknown field"),
    unfitFields: driftOf("does not fit"),
  } as FileTruth;
}

/** Every view of a signal type has its type's rows, and message_behavior has each behavior signal once. */
async function expectViews(scratch: Scratch, truth: Truth): Promise<void> {
  const rows: Record<string, number> = {};
  for (const type of LISTED_TYPES) rows[type] = Number(await scratch.value(`SELECT count(*) FROM ${SIGNAL_TYPES[type].view}`));
  expect(rows).toEqual(truth.signalsByType);
  expect(Number(await scratch.value("SELECT count(*) FROM message_behavior"))).toBe(truth.signalsByTable.behavior_signals);
}

/** What orders earned whose click is there, by campaign, over currencies and channels. */
async function expectRevenue(scratch: Scratch, truth: Truth): Promise<void> {
  const byCampaign = new Map<string, bigint>();
  const earned = await scratch.rows(
    `SELECT campaign_id, sum(order_value)::VARCHAR AS revenue FROM message_behavior WHERE signal_type = 'order' AND matched GROUP BY campaign_id`,
  );
  for (const { campaign_id, revenue } of earned) {
    const id = String(campaign_id);
    byCampaign.set(id, (byCampaign.get(id) ?? 0n) + BigInt(String(revenue).replace(".", "")));
  }
  const expected = Object.entries(truth.revenue.byCampaign).map(([id, sum]) => [id, BigInt(sum.replace(".", ""))] as const);
  expect(byCampaign).toEqual(new Map(expected));
}
