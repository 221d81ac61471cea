/** A run of eight million characters of one kind, wherever it stands, costs at most the record that it is in, and time that grows with its length only. */
import { expect, test } from "vitest";
import { READERS } from "../../pipeline/load/load-files.ts";
import type { Source } from "../../pipeline/load/source.ts";
import { csvLine, scratchWarehouse } from "../helpers/warehouse.ts";
import { often } from "../helpers/often.ts";

const MANY = often(500_000, 8_000_000);
const [DIGITS, BLANKS, BACKSLASHES, BRACKETS] = ["1", " ", "\\", "["].map((character) => character.repeat(MANY)) as [string, string, string, string];
const TIME = "2025-09-01T10:00:00.000Z";

interface Case {
  /** SIGNAL_CONTENT of an order; the other cells where it is about those. */
  content?: string;
  cells?: Record<string, string>;
  /** The order's value or that of its item, the reasons of drift, or the reject's code. */
  gives: { value?: string; drift?: string } | { rejected: string };
}

const CASES: Record<string, Case> = {
  number: { content: `{"orderValue":${DIGITS}}`, gives: { drift: "orderValue does not fit" } },
  fraction: { content: `{"orderValue":1.${DIGITS}}`, gives: { value: "1.1111", drift: "orderValue rounded" } },
  exponent: { content: `{"orderTax":1e${DIGITS}}`, gives: { drift: "orderTax does not fit" } },
  "text that should be a number": { content: `{"orderSubtotal":"0.${DIGITS}"}`, gives: { value: "0.1111", drift: "orderSubto rounded" } },
  "content that is a number": { content: DIGITS, gives: { rejected: "content_not_json" } },
  "name of a field": { content: `{"${DIGITS}":1}`, gives: { drift: "1111111111 unknown field" } },
  list: { content: `{"sizes":[1,${DIGITS}]}`, gives: { drift: "sizes unknown field" } },
  "list of texts": { content: `{"productUrls":"[${DIGITS}]"}`, gives: { drift: "productUrl does not fit" } },
  item: { content: `{"orderedItems":[{"unitPrice":3.${DIGITS}}]}`, gives: { value: "3.1111", drift: "orderedIte rounded" } },
  "fixed time": { cells: { RECEIVED_TIMESTAMP: DIGITS }, gives: { drift: "RECEIVED_T does not fit" } },
  "second of a fixed time": { cells: { RECEIVED_TIMESTAMP: `2025-09-01T10:00:00.${DIGITS}Z` }, gives: { drift: "RECEIVED_T rounded" } },
  "second of the content's time": {
    content: `{"signalTimestamp":"2025-09-01T10:00:00.${DIGITS}Z"}`,
    cells: { SIGNAL_TIMESTAMP: "", RECEIVED_TIMESTAMP: TIME },
    gives: { drift: "signalTime rounded" },
  },
  "fixed list": { cells: { SIGNAL_TYPE: "emailSend", TAGS: `[${DIGITS}]` }, gives: { drift: "TAGS does not fit" } },
  "signal type": { cells: { SIGNAL_TYPE: DIGITS }, gives: { drift: "SIGNAL_TYP unknown signal type" } },
  blanks: { content: `{"orderValue":${BLANKS}4}`, gives: { value: "4.0000" } },
  backslashes: { content: `{"orderId":"${BACKSLASHES}","orderValue":6}`, gives: { value: "6.0000" } },
  "backslashes before half a character": { content: `{"orderId":"${BACKSLASHES}\\ud83d"}`, gives: { drift: "SIGNAL_CON not valid Unicode" } },
  "content of backslashes": { content: BACKSLASHES, gives: { rejected: "content_not_json" } },
  "open brackets": { content: BRACKETS, gives: { rejected: "content_not_json" } },
};

const NAMES = ["SIGNAL_ID", "SIGNAL_TYPE", "SIGNAL_TIMESTAMP", "RECEIVED_TIMESTAMP", "TAGS", "SIGNAL_CONTENT", `Attribute ${DIGITS}`];
const line = (cells: Record<string, string>) => csvLine(NAMES.map((name) => cells[name] ?? ""));
const ordinary = (id: string) => line({ SIGNAL_ID: id, SIGNAL_TYPE: "order", SIGNAL_TIMESTAMP: TIME, SIGNAL_CONTENT: '{"orderValue":10}' });

const source: Source = {
  path: "long.csv",
  size: 0,
  mtime: Date.parse(TIME),
  async *open() {
    yield Buffer.from(csvLine(NAMES));
    for (const [name, { content = "", cells }] of Object.entries(CASES)) {
      yield Buffer.from(ordinary(`before ${name}`));
      yield Buffer.from(line({ SIGNAL_ID: name, SIGNAL_TYPE: "order", SIGNAL_TIMESTAMP: TIME, SIGNAL_CONTENT: content, ...cells }));
    }
    yield Buffer.from(ordinary("last"));
  },
};

test.each(READERS)("the %s reader", { timeout: 300_000, tags: "long" }, async (reader) => {
  const scratch = await scratchWarehouse({ memory: "2GB" });
  const sizes = { rowGroup: 16 * 1024 * 1024, stretch: 64 * 1024 * 1024 };
  const cases = Object.entries(CASES);
  const rejected = cases.flatMap(([name, { gives }]) => ("rejected" in gives ? [[name, gives.rejected]] : []));
  expect(await scratch.load([source], { reader, sizes })).toMatchObject([
    { status: "loaded", records: 2 * cases.length + 1, inserted: 2 * cases.length + 1 - rejected.length, rejected: rejected.length },
  ]);
  expect(await scratch.value("SELECT sum(order_value)::INTEGER FROM orders WHERE signal_id LIKE 'before %' OR signal_id = 'last'")).toBe(
    10 * (cases.length + 1),
  );
  const nameOf = (index: unknown) => cases[(Number(index) - 2) / 2]?.[0];
  const found = await scratch.rows(`SELECT signal_id, coalesce(b.order_value, b.order_subtotal, i.unit_price) AS value
    FROM (FROM behavior_signals SELECT signal_id, signal_key, order_value, order_subtotal UNION ALL FROM marketing_signals SELECT signal_id, signal_key, NULL, NULL) b
    LEFT JOIN order_items i USING (signal_key) WHERE signal_id NOT LIKE 'before %' AND signal_id <> 'last'`);
  const drift = await scratch.rows("SELECT first_record_no, concat_ws(' ', substr(field, 1, 10), reason) AS drift FROM signalhouse.drift");
  const told = (name: unknown) => drift.filter(({ first_record_no }) => nameOf(first_record_no) === name).map(({ drift }) => drift);
  const expected = cases.flatMap(([name, { gives }]) =>
    "rejected" in gives ? [] : [[name, [gives.value ?? null, ...(gives.drift === undefined ? [] : [gives.drift])]] as const],
  );
  expect(Object.fromEntries(found.map(({ signal_id, value }) => [signal_id, [value, ...told(signal_id)]]))).toEqual(Object.fromEntries(expected));
  expect((await scratch.rows("SELECT record_no, code FROM signalhouse.rejects")).map(({ record_no, code }) => [nameOf(record_no), code])).toEqual(
    rejected,
  );
});
