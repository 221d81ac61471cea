import { PATIENCE_MS } from "../pipeline/common/door.ts";
import { PRIVACY_KEY } from "../pipeline/common/warehouse-key.ts";
import type { ErasingContext } from "../pipeline/erased.ts";
import { lookToApply, privacyApply, type PrivacyReceipt } from "../pipeline/privacy.ts";
import { didYouMean } from "../schemas/suggest.ts";
import { type Context, defineCommand } from "./command.ts";
import { EXIT } from "./failures.ts";
import { count, number, table, time } from "./format.ts";
import { publishContext } from "./publish-changes.ts";
import { assertReceipt, writeReceipt } from "./receipt.ts";
import { doorOf } from "./warehouse.ts";
import { localPath } from "./world.ts";

export const command = defineCommand({
  usage: "[options]",
  about:
    "Applies the configuration's privacy to what the warehouse has: contact attributes and content fields that it lists are left out of all rows, or get pseudonyms, as if all had been loaded with it, in one transaction. " +
    "The warehouse's file is then written anew, the published copy too, and both are searched for what is left. Interrupted, the same command does the rest.",
  options: {
    "dry-run": { type: "boolean", help: "print what would be changed; change nothing" },
    out: { type: "string", short: "o", value: "FILE", help: "write the receipt, as JSON: it has no value in it" },
  },
  examples: ["privacy apply --dry-run", "privacy apply", "privacy apply -o receipt.json"],
  async run(context, { values }) {
    const { out, clock, signal, env } = context;
    const { config, file: configFile } = await context.config();
    const receiptFile = values.out === undefined ? undefined : localPath(context, values.out);
    if (receiptFile !== undefined) await assertReceipt(receiptFile, config.warehouse, configFile);
    const door = doorOf(config, context, { patience: PATIENCE_MS });
    const applying: ErasingContext = {
      door,
      clock,
      signal,
      privacyKey: env[PRIVACY_KEY.variable]?.trim() || undefined,
      publish: publishContext(context, door),
      step: (name) => out.log("info", STEPS[name]),
    };
    const receipt = values["dry-run"] ? await lookToApply(config, applying) : await privacyApply(config, applying);
    const document = receiptDocument(receipt);
    out.result(document, () => lines(receipt));
    tell(context, receipt);
    if (receiptFile !== undefined) await writeReceipt(receiptFile, document);
    return receipt.proof?.ok === false ? EXIT.failed : EXIT.done;
  },
});

const STEPS = {
  rows: "looking for all that is listed, and changing it",
  file: "writing the warehouse's file anew",
  copy: "publishing what is there now",
  proof: "searching what is there now",
} as const;

function receiptDocument({ appliedAt, settings, changed, publishedVersion, proof }: PrivacyReceipt) {
  return {
    applied_at: appliedAt === null ? null : new Date(appliedAt),
    dry_run: appliedAt === null,
    columns: settings.columns,
    fields: settings.fields,
    changed: documentOf(changed),
    published_version: publishedVersion,
    proof: proof && { ...proof, left: documentOf(proof.left) },
  };
}

const documentOf = ({ columns, contents, rejects, referenceSetRows, keys }: PrivacyReceipt["changed"]) => ({
  columns,
  contents,
  rejects,
  reference_set_rows: referenceSetRows,
  keys,
});

function lines({ appliedAt, changed, publishedVersion, proof }: PrivacyReceipt): string[] {
  const counts = changes(changed);
  const isDone = appliedAt !== null;
  const verdict = !proof
    ? []
    : [
        "",
        searched(proof),
        ...(publishedVersion === null ? [] : [`Published: version ${number(publishedVersion)}; all versions before it are gone.`]),
        `Applied ${time(appliedAt)} UTC.`,
      ];
  if (counts.length === 0) return [isDone ? "Nothing was to be changed." : "Nothing would be changed.", ...verdict];
  return [...table([isDone ? "changed" : "would be changed", { right: "values or rows" }], counts), ...verdict];
}

const changes = ({ columns, contents, rejects, referenceSetRows, keys }: PrivacyReceipt["changed"]): [string, number][] =>
  [
    ...Object.entries(columns),
    ...Object.entries(contents).map(([name, n]): [string, number] => [`signal_content of ${name}`, n]),
    ["signalhouse.rejects", rejects] as [string, number],
    ["signalhouse.refset_rows", referenceSetRows] as [string, number],
    ["keys of signals without SIGNAL_ID", keys] as [string, number],
  ].filter(([, n]) => n > 0);

/** What the proof says, and what it cannot say. */
function searched({ tables, files, bytes, found, elsewhere, left }: NonNullable<PrivacyReceipt["proof"]>): string {
  const again = changes(left).length === 0 ? "Read again: nothing listed is left." : "Read again: not all is gone, see below.";
  if (tables === 0) return `${again} Not searched for values: there was none of eight characters or more, and no address.`;
  if (bytes)
    return `${again} Searched for values: ${count(tables, "table")}, ${count(files, "file")}. ${found.length === 0 ? "Nothing is left." : "Not all is gone, see below."}`;
  const why = elsewhere.length > 0 ? "texts that are not listed have some, see below" : "a longer word has one as a part";
  return `${again} Searched for values: ${count(tables, "table")}. Files were not searched byte by byte, as ${why}.`;
}

/** What is worth knowing, and what is left to do. */
function tell({ out }: Context, { changed, doubtful, proof }: PrivacyReceipt): void {
  for (const { name, where, meant } of doubtful)
    out.note(`privacy.${where} lists ${JSON.stringify(name)}, and nothing of that name is known. ${didYouMean(meant)}`.trim());
  if (changed.referenceSetRows > 0) out.note("What was pushed to reference sets is forgotten: the next push --changed sends them as a whole.");
  for (const { place, rows } of proof?.elsewhere ?? [])
    out.note(
      `${count(rows ?? 0, "row")} of ${place} have one of the values in a text that privacy does not list, and keep it. Look for it with query, and list that, too.`,
    );
  if (proof?.ok !== false) return;
  out.trouble(
    "something is left:",
    ...changes(proof.left).map(([name, n]) => `  ${name}: ${number(n)}`),
    ...proof.found.flatMap(({ place, rows }) => (rows === null ? [`  ${place}`] : [])),
    "  -> Run the same again, which writes the file anew.",
  );
}
