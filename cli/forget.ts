import { PATIENCE_MS } from "../pipeline/common/door.ts";
import { PRIVACY_KEY } from "../pipeline/common/warehouse-key.ts";
import { forget, type ForgetContext, forgetExpired, lookToForget, type Receipt } from "../pipeline/forget.ts";
import type { Config } from "../schemas/config.ts";
import { SignalhouseError } from "../schemas/errors.ts";
import type { Asked } from "../sinks/erasure/who.ts";
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
    "Erases somebody: all signals of the contact, whichever of its keys they have, and those that its sessions and clicks led to, with order items, marts, rejects and rows of reference sets. The warehouse's file is then " +
    "written anew, the published copy too, and both are searched for what is left. Later loads leave out what comes again. --where erases signals, whosever they are. Interrupted, the same command does the rest.",
  options: {
    email: {
      type: "string",
      value: "ADDRESS",
      help: "whom: the contact with this e-mail address; where several have it, only the signals that name it",
    },
    "contact-key": { type: "string", value: "KEY", help: "whom: the contact with this value of the primary key (contacts.keys)" },
    where: { type: "string", value: "SQL", help: "the signals for which a condition holds, on columns of marketing_signals or behavior_signals" },
    expired: { type: "boolean", help: "what has been kept for as long as retention says, and its bytes in the file" },
    "dry-run": { type: "boolean", help: "print what would be erased; change nothing" },
    out: { type: "string", short: "o", value: "FILE", help: "write the receipt, as JSON: it does not say who it was" },
  },
  examples: [
    "forget --email anna@example.com --dry-run",
    "forget --email anna@example.com -o receipt.json",
    "forget --contact-key C-1017",
    "forget --expired",
    "forget --where \"tltsid = 's-17'\"",
  ],
  async run(context, { values }) {
    const { out, clock, signal, env } = context;
    const asked = askedFor(values.email, values["contact-key"], values.where, values.expired);
    const { config, file: configFile } = await context.config();
    const receiptFile = values.out === undefined ? undefined : localPath(context, values.out);
    if (receiptFile !== undefined) await assertReceipt(receiptFile, config.warehouse, configFile);
    const door = doorOf(config, context, { patience: PATIENCE_MS });
    const forgetting: ForgetContext = {
      door,
      clock,
      signal,
      privacyKey: env[PRIVACY_KEY.variable]?.trim() || undefined,
      publish: publishContext(context, door),
      onKey: (file) =>
        out.note(
          `The key by which what is forgotten is known again is in ${file}, made now. Keep it with the warehouse: without it nothing can be loaded any more.`,
        ),
      step: (name) => out.log("info", STEPS[name]),
    };
    if (asked === EXPIRED) return expired(context, config, forgetting, values["dry-run"] ?? values.out !== undefined);
    if (values["dry-run"]) {
      const receipt = await lookToForget(config, asked, forgetting);
      out.result(receiptDocument(receipt), () => lines(receipt));
      tell(context, receipt);
      return EXIT.done;
    }
    const receipt = await forget(config, asked, forgetting);
    const document = receiptDocument(receipt);
    out.result(document, () => lines(receipt));
    tell(context, receipt);
    if (receiptFile !== undefined) await writeReceipt(receiptFile, document);
    return receipt.proof?.ok === false ? EXIT.failed : EXIT.done;
  },
});

const STEPS = {
  rows: "looking for all that there is, and erasing it",
  file: "writing the warehouse's file anew",
  copy: "publishing what is left",
  proof: "searching what is left",
} as const;

/** What is asked for where it is not somebody. */
const EXPIRED = "expired";

/** @throws SignalhouseError usage */
function askedFor(
  email: string | undefined,
  contactKey: string | undefined,
  where: string | undefined,
  isExpired: boolean | undefined,
): Asked | typeof EXPIRED {
  const [asked, ...more] = [
    ...(email === undefined ? [] : [{ email }]),
    ...(contactKey === undefined ? [] : [{ contactKey }]),
    ...(where === undefined ? [] : [{ where }]),
    ...(isExpired ? ([EXPIRED] as const) : []),
  ];
  if (asked && more.length === 0) return asked;
  throw new SignalhouseError(
    "usage",
    asked ? "forget takes one of --email, --contact-key, --where and --expired" : "it is not said who is to be forgotten",
    "Give one of --email ADDRESS, --contact-key KEY, --where SQL and --expired; with --dry-run it says what would go.",
  );
}

/** @param isMore whether options were given that say something of a person only */
async function expired({ out }: Context, config: Config, forgetting: ForgetContext, isMore: boolean): Promise<number> {
  const { days, daysOf } = config.retention;
  if (isMore)
    throw new SignalhouseError("usage", "--expired takes neither --dry-run nor -o", "Give it alone: it erases what each run that loads erases.");
  if (days === undefined && Object.keys(daysOf).length === 0)
    throw new SignalhouseError(
      "usage",
      "the configuration has no retention, so that all is kept for good",
      'Set "retention": { "days": 730 } there first.',
    );
  const tables = await forgetExpired(config, forgetting);
  out.result({ tables }, () => {
    const counts = Object.entries(tables);
    return counts.length === 0 ? ["Nothing has been kept for too long."] : table(["erased from", { right: "rows" }], counts);
  });
  return EXIT.done;
}

function receiptDocument({
  erasureId,
  erasedAt,
  asked,
  contacts,
  sharing,
  tables,
  left,
  referenceSets,
  remembered,
  publishedVersion,
  proof,
}: Receipt) {
  return {
    erasure_id: erasureId,
    erased_at: erasedAt === null ? null : new Date(erasedAt),
    dry_run: erasureId === null,
    asked,
    contacts,
    sharing,
    tables,
    left,
    reference_sets: referenceSets,
    remembered,
    published_version: publishedVersion,
    proof,
  };
}

function lines({ erasureId, erasedAt, tables, publishedVersion, proof, remembered }: Receipt): string[] {
  const counts = Object.entries(tables);
  const isDone = erasureId !== null;
  const verdict = !proof
    ? []
    : [
        "",
        searched(proof),
        ...(publishedVersion === null ? [] : [`Published: version ${number(publishedVersion)}; all versions before it are gone.`]),
        `Erasure ${number(erasureId ?? 0)}, ${time(erasedAt)} UTC. ${count(
          Object.values(remembered).reduce((sum, n) => sum + n, 0),
          "keyed hash",
        ).replace(/s$/, "es")} remembered for later loads.`,
      ];
  if (counts.length === 0) return [isDone ? "Nothing of it is there; what comes later is left out." : "Nothing of it is there.", ...verdict];
  return [...table([isDone ? "erased from" : "would be erased from", { right: "rows" }], counts), ...verdict];
}

/** What the proof says, and what it cannot say. */
function searched({ tables, files, bytes, found }: NonNullable<Receipt["proof"]>): string {
  if (tables === 0) return "Not searched: no address, and no key of eight characters or more, says who it was.";
  if (found.length > 0) return `Searched: ${count(tables, "table")}, ${count(files, "file")}. Not all is gone, see below.`;
  if (bytes) return `Searched: ${count(tables, "table")}, ${count(files, "file")}. Nothing is left.`;
  return `Searched: ${count(tables, "table")}, ${count(files, "Parquet file")}. Nothing is left in these; files were not searched byte by byte, as a longer word of others has it as a part.`;
}

/** What is worth knowing, and what is left to do. */
function tell({ out }: Context, { sharing, left, referenceSets, proof }: Receipt): void {
  if (sharing > 0)
    out.note(
      `${count(sharing, "contact")} have this address: only their signals that name it go, and all others of theirs are left. To forget one of them as a whole: signalhouse forget --contact-key KEY`,
    );
  for (const [name, n] of Object.entries(left))
    out.note(
      `${count(n, "signal")} of others in ${name} name it in some text, and are left. Look at them, and erase them with --where where they are to go.`,
    );
  if (referenceSets.length > 0)
    out.note(
      `Connect has it still in ${referenceSets.map((set) => JSON.stringify(set)).join(", ")}: push ${referenceSets.length === 1 ? "this reference set" : "these"} anew, as a whole.`,
    );
  if (proof?.ok !== false) return;
  out.trouble(
    "something is left:",
    ...proof.found.map(({ place, rows }) => `  ${place}${rows === null ? "" : `: ${count(rows, "row")}`}`),
    "  -> Tables of your own are yours to clean; then run the same again, which writes the file anew.",
  );
}
