import { mendDoubled, mendMarts } from "../sinks/mend.ts";
import { verifyWarehouse } from "../sinks/verify.ts";
import type { Check } from "../sinks/verify-tables.ts";
import { type Context, defineCommand } from "./command.ts";
import { EXIT } from "./failures.ts";
import { count, table } from "./format.ts";
import { reading, running } from "./warehouse.ts";

export const command = defineCommand({
  usage: "[--mend] [options]",
  about:
    "Proves the warehouse: derives the ledger's sums again from the tables, finds rows that are not as they were written, and makes marts and views once more to compare them. Without --mend it only reads. Exit code 1 where a check fails.",
  options: {
    mend: {
      type: "boolean",
      help: "first take out signals that an older version has doubled, so that the row of the latest export stays, and make marts and views anew where they are wrong",
    },
  },
  isUnattended: true,
  examples: ["verify", "verify --json", "verify --mend"],
  async run(context, { values }) {
    if (!values.mend) {
      // What became of tables that are missing is for verify to tell.
      return reading(context, async (connection) => report(context, await verifyWarehouse(connection)), { mayLack: "parts" });
    }
    // A mistyped path is no warehouse to make.
    await reading(context, async () => undefined, { mayLack: "anything" });
    return running(context, "verify", async ({ connection }) => {
      const { signals, orderItems } = await mendDoubled(connection);
      const marts = await mendMarts(connection);
      context.out.note(
        signals === 0
          ? "No signal is there twice: nothing was taken out."
          : `Taken out: ${count(signals, "doubled signal")}, ${count(orderItems, "order item")}.`,
        ...(marts ? ["Marts and views were wrong, and are made anew."] : []),
      );
      return report(context, await verifyWarehouse(connection), { mended: { signals, order_items: orderItems, marts } });
    });
  },
});

function report({ out }: Context, checks: readonly Check[], more: object = {}): number {
  const failed = checks.filter(({ ok }) => !ok).length;
  out.result({ ok: failed === 0, checks, ...more }, () => {
    const verdict = failed === 0 ? `All ${count(checks.length, "check")} hold.` : `${count(failed, "check")} of ${checks.length} failed.`;
    const lines = table(
      ["", "check", ""],
      checks.map(({ name, ok, detail }) => [ok ? "ok" : "FAILED", name, detail]),
    );
    return [...lines, "", verdict];
  });
  return failed === 0 ? EXIT.done : EXIT.failed;
}
