import { mendDoubled } from "../sinks/mend.ts";
import { type Check, verifyWarehouse } from "../sinks/verify.ts";
import { type Context, defineCommand } from "./command.ts";
import { EXIT } from "./failures.ts";
import { count, table } from "./format.ts";
import { reading, running } from "./warehouse.ts";

export const command = defineCommand({
  usage: "[--mend] [options]",
  about:
    "Derives the ledger's sums again from the tables, and checks what must always hold. Without --mend it only reads. Exit code 1 where a check fails.",
  options: {
    mend: { type: "boolean", help: "first take out signals that an older version has doubled: the row of the latest export stays" },
  },
  isUnattended: true,
  examples: ["verify", "verify --json", "verify --mend"],
  async run(context, { values }) {
    if (!values.mend) {
      // What became of tables that are missing is for verify to tell.
      return reading(context, async (connection) => report(context, await verifyWarehouse(connection)), { mayLack: "tables" });
    }
    // A mistyped path is no warehouse to make.
    await reading(context, async () => undefined, { mayLack: "anything" });
    return running(context, "verify", async ({ connection }) => {
      const { signals, orderItems } = await mendDoubled(connection);
      context.out.note(
        signals === 0
          ? "No signal is there twice: nothing was taken out."
          : `Taken out: ${count(signals, "doubled signal")}, ${count(orderItems, "order item")}.`,
      );
      return report(context, await verifyWarehouse(connection), { mended: { signals, order_items: orderItems } });
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
