import { verifyWarehouse } from "../sinks/verify.ts";
import { defineCommand } from "./command.ts";
import { EXIT } from "./failures.ts";
import { count, table } from "./format.ts";
import { reading } from "./warehouse.ts";

export const command = defineCommand({
  usage: "[options]",
  about: "Derives the ledger's sums again from the tables, and checks what must always hold. It only reads. Exit code 1 where a check fails.",
  options: {},
  examples: ["verify", "verify --json"],
  run: (context) =>
    reading(context, async (connection) => {
      const checks = await verifyWarehouse(connection);
      const failed = checks.filter(({ ok }) => !ok).length;
      context.out.result({ ok: failed === 0, checks }, () => {
        const verdict = failed === 0 ? `All ${count(checks.length, "check")} hold.` : `${count(failed, "check")} of ${checks.length} failed.`;
        return `${table(
          ["", "check", ""],
          checks.map(({ name, ok, detail }) => [ok ? "ok" : "FAILED", name, detail]),
        ).trimStart()}\n\n${verdict}`;
      });
      return failed === 0 ? EXIT.done : EXIT.failed;
    }),
});
