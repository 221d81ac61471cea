import { PATIENCE_MS, readerOf } from "../pipeline/common/door.ts";
import { isNothing } from "../pipeline/reference-set/prepare.ts";
import { pushSet, writeReferenceSet } from "../pipeline/reference-set/push.ts";
import { isAtConnect } from "../schemas/jobs.ts";
import { checkSending, type RefsetDefinition } from "../schemas/reference-set.ts";
import { defineCommand } from "./command.ts";
import { exportContext, noteRun } from "./api.ts";
import { EXIT } from "./failures.ts";
import { DEFINITION_OPTIONS, definitionOf, saveDefinition } from "./refset-definition.ts";
import { fileText, importDocument, maxErrorsOf, modeOf, preparedDocument, preparedLines, tellImportFaults } from "./refset-report.ts";
import { sftpOf } from "./server.ts";
import { doorOf } from "./warehouse.ts";
import { localPath } from "./world.ts";

export const command = defineCommand({
  usage: "NAME [options]",
  about:
    "Sends rows to Connect as a reference set: checks them by every rule of Connect, uploads a file and has it imported. Nothing is sent while a rule is " +
    "broken. The import is written down before it is asked for; a push that was interrupted is seen to by the next one. NAME has up to 25 Latin " +
    "letters, digits, - and _. With --save, refsets/NAME.json keeps the options, and later pushes need only the name.",
  options: {
    ...DEFINITION_OPTIONS,
    changed: { type: "boolean", help: "send only rows that are new or changed since the last push; those that are gone are listed" },
    folder: { type: "string", value: "FOLDER", help: "the folder on the server, made where it is missing; the subscription's own by default" },
    notify: { type: "string", multiple: true, value: "EMAIL", help: "whom Connect tells when it is done; may be repeated" },
    wait: { type: "boolean", help: "wait until Connect is done" },
    out: { type: "string", value: "FILE", help: "write the file here, in place of sending it" },
    save: { type: "boolean", help: "write these options into refsets/NAME.json" },
  },
  isUnattended: true,
  examples: [
    'refset push Buyers --query "SELECT contact_customer_id, sum(order_value) AS revenue FROM orders WHERE contact_customer_id IS NOT NULL GROUP BY ALL" --key contact_customer_id --wait',
    `refset push Orders --from orders.csv --key "Order ID" --types '{"Amount":"NUMBER","Date":"DATE"}' --save`,
    "refset push Orders --changed --wait",
  ],
  positionals: [1, 1],
  goesOn:
    "Nothing is half done. If Connect took the import already, this sees it to its end: signalhouse refset status --wait. The next push of the set does, too.",
  async run(context, { values, positionals: [set = ""] }) {
    const { config, file: configFile } = await context.config();
    const { definition, file } = await definitionOf(set, values, config, context, sendingOf(values));
    checkSending(definition);
    const { out } = context;
    const wish = { set, definition, mode: modeOf(values.mode), changed: Boolean(values.changed), maxErrors: maxErrorsOf(values["max-errors"]) };
    const save = async () => {
      if (!values.save || file === undefined) return;
      await saveDefinition(file, definition);
      out.note(`${file} keeps these options: next time, signalhouse refset push ${set}`);
    };
    const readWarehouse = readerOf(doorOf(config, context, { patience: PATIENCE_MS }));
    if (values.out !== undefined) {
      const to = localPath(context, values.out);
      const prepared = await writeReferenceSet({ config, readWarehouse, signal: context.signal }, wish, undefined, to);
      const isWritten = prepared.violationCount === 0;
      if (isWritten) await save();
      out.result({ ...preparedDocument(set, prepared), ...(isWritten ? { file: to } : {}) }, () =>
        isWritten ? [...preparedLines(prepared), `Wrote ${to}: ${fileText(prepared)}`] : preparedLines(prepared),
      );
      return isWritten ? EXIT.done : EXIT.failed;
    }
    sftpOf(config, configFile);
    const flow = { ...(await exportContext(config, context)), readWarehouse };
    return noteRun(flow, context, "refset push", async () => {
      const { prepared, outcome } = await pushSet(flow, { ...wish, id: values.id, wait: Boolean(values.wait) });
      const isClean = prepared.violationCount === 0;
      if (isClean) await save();
      out.result({ ...preparedDocument(set, prepared), import: outcome ? importDocument(outcome) : null }, () => {
        const what = !isClean ? "Nothing was sent." : isNothing(prepared) ? "Nothing is to be sent." : undefined;
        const done = outcome && `${STATES[outcome.job.status]} ${set}, ${prepared.mode}: ${fileText(prepared)}, ${outcome.job.path}`;
        return [...preparedLines(prepared), "", what ?? done ?? "", ...(outcome?.note ? [outcome.note] : [])];
      });
      if (outcome) tellImportFaults(out, [outcome]);
      if (outcome && isAtConnect(outcome.job.status)) out.note("To see it through: signalhouse refset status --wait");
      return isClean && !outcome?.error && outcome?.job.status !== "failed" ? EXIT.done : EXIT.failed;
    });
  },
});

const STATES = {
  uploading: "Sending",
  asking: "Not known yet whether Connect took",
  asked: "Connect took",
  imported: "Connect has imported",
  failed: "Connect could not import",
} as const;

const sendingOf = ({ folder, notify }: { folder?: string; notify?: string[] }): RefsetDefinition => ({
  ...(folder === undefined ? {} : { folder }),
  ...(notify ? { notify } : {}),
});
