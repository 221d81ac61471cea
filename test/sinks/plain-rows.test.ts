/** The SQL that reads plain rows. */
import { expect, test } from "vitest";
import { quoteIdentifier as id } from "../../schemas/names.ts";
import { plainSql } from "../../sinks/vector/plain-rows.ts";
import { readHeader } from "../../transforms/header.ts";
import { scratchWarehouse } from "../helpers/warehouse.ts";

test("a key without an id is made of contacts, however many attributes these have", async () => {
  const scratch = await scratchWarehouse();
  const attributes = Array.from({ length: 1100 }, (_, index) => `Attribute ${index}`);
  const header = readHeader(["SIGNAL_ID", "SIGNAL_TYPE", "SIGNAL_TIMESTAMP", "SIGNAL_CONTENT", ...attributes], []);
  const columns = header.fields.flatMap(({ column, contact }) =>
    contact ? [`${column === "contact_attribute_7" ? "'seven'" : "NULL"}::VARCHAR AS ${id(column)}`] : [],
  );
  const row = `(SELECT 1::BIGINT AS record_no, 'pageView' AS signal_type, NULL::VARCHAR AS signal_id, NULL::VARCHAR AS signal_key, TIMESTAMPTZ '2025-09-01 10:00:00Z' AS signal_timestamp,
    NULL::VARCHAR AS signal_content, NULL::VARCHAR AS content_hash, ${columns.join(", ")})`;
  const found = await scratch.rows(`SELECT signal_key FROM (${plainSql("behavior_signals", header).keys(row)})`);
  expect(found).toMatchObject([{ signal_key: expect.stringMatching(/^h:[0-9a-f]+$/) as string }]);
});
