import { once } from "node:events";
import type { ReadSource } from "../pipeline/explore/explorer.ts";
import { serve } from "../pipeline/explore/serve.ts";
import { REPORT_MEMORY } from "../pipeline/report.ts";
import { messageOf } from "../schemas/errors.ts";
import { assertDays } from "../sinks/report/period.ts";
import { defineCommand, wholeNumber } from "./command.ts";
import { EXIT } from "./failures.ts";
import { openEither } from "./read-copy.ts";

/** A page waits so long for a warehouse that another process has, where nothing is published. */
const PATIENCE_MS = 5_000;

export const command = defineCommand({
  usage: "[options]",
  about:
    "Serves the report on this machine, on 127.0.0.1 only, to whoever has the address that it prints: with a choice of days, currency and campaign, with what is known of each campaign and message, " +
    "down to what happened with a contact, and with a box for SQL. It opens the warehouse for each page, and only to read; while another process has it, the published copy, where there is one. " +
    "Who contacts are is hidden. It runs until Ctrl-C.",
  options: {
    from: { type: "string", value: "DAY", help: "the first day (UTC) to begin with; 27 days before the last one by default" },
    to: { type: "string", value: "DAY", help: "the last day; the last one that the warehouse has whole by default" },
    currency: { type: "string", value: "CODE", help: "the currency of the amounts; that of most orders by default" },
    port: { type: "string", value: "N", help: "the port; a free one by default" },
    "show-personal": { type: "boolean", help: "show who contacts are, and run SQL on what says so" },
  },
  examples: ["explore", "explore --from 2025-09-01 --to 2025-09-30 --currency EUR"],
  async run(context, { values }) {
    const { out, signal } = context;
    const { from, to, currency, "show-personal": isPersonal = false } = values;
    const port = wholeNumber("--port", values.port ?? "0", { most: 65_535 });
    assertDays({ from, to });
    const { config } = await context.config();
    const read: ReadSource = (work, signal) => openEither({ ...context, signal }, config, work, { patience: PATIENCE_MS, memory: REPORT_MEMORY });
    // That there is no warehouse is told before somebody opens a page.
    await read(async () => undefined, signal);
    const onBug = (error: unknown) => out.log("error", `a page failed: ${messageOf(error)}`);
    const serving = await serve({ port, read, isPersonal, first: { from, to, currency }, onBug });
    try {
      out.result({ url: serving.url, port: serving.port, personal: isPersonal }, () => [
        `Open in a browser of this machine: ${serving.url}`,
        isPersonal ? "Personal data is shown." : "Who contacts are is hidden; --show-personal shows it. What people searched for is not.",
        "Ctrl-C ends it.",
      ]);
      if (!signal.aborted) await once(signal, "abort");
    } finally {
      await serving.close();
    }
    return EXIT.done;
  },
});
