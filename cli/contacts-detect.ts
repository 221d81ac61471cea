import { stat } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { readPlainFile } from "../pipeline/common/own-file.ts";
import { readConfig } from "../schemas/config.ts";
import { SignalhouseError } from "../schemas/errors.ts";
import { compareKeys, type Detected, type DetectedColumn, detectKeys } from "../sinks/detect-keys.ts";
import { type KeysInEffect, keysInEffect } from "../sinks/mart-settings.ts";
import type { Resolved } from "../sinks/measure-contacts.ts";
import { replaceFile, writeRefused } from "../sinks/whole-file.ts";
import { defineCommand } from "./command.ts";
import { parseConfig } from "../schemas/config-text.ts";
import { effectText, isSame, keysDocument, keysText, unknownLines } from "./contact-keys.ts";
import { withSetting } from "./edit-config.ts";
import { EXIT } from "./failures.ts";
import { count, number, table } from "./format.ts";
import { reading } from "./warehouse.ts";

export const command = defineCommand({
  usage: "[--write] [options]",
  about:
    "Looks at all contact attributes that the warehouse has, and proposes those that say who a contact is (contacts.keys): the primary key, then e-mail addresses and phone numbers. " +
    "It says what is in effect, why, and what the proposal would change. Without --write it changes nothing; with it, only the configuration.",
  options: { write: { type: "boolean", help: "put the proposal into the configuration, which keeps its comments and layout" } },
  examples: ["contacts detect", "contacts detect --json", "contacts detect --write"],
  async run(context, { values }) {
    const { out } = context;
    const { config, file } = await context.config();
    const configured = config.contacts.keys;
    const found = await reading(context, async (connection) => {
      const detected = await detectKeys(connection);
      const effect = await keysInEffect(connection);
      const differs = detected.proposal.length > 0 && !isSame(detected.proposal, effect.keys);
      return { detected, effect, change: differs ? await compareKeys(connection, detected, detected.proposal) : undefined };
    });
    const { proposal } = found.detected;
    const isWritten = values.write === true && proposal.length > 0 && !isSame(proposal, configured ?? []);
    if (isWritten) await writeKeys(file, proposal);
    out.result(documentOf(found, configured, isWritten ? file : undefined), () => [
      ...lines(found, configured),
      ...(isWritten ? [`Wrote it to ${file}. The next load or sync makes the marts anew where they differ.`] : adviceOf(found, configured)),
    ]);
    if (!out.json) out.note(...unknownLines(found.effect.unknown));
    if (!values.write || proposal.length > 0) return EXIT.done;
    out.trouble("Nothing was written, for there is nothing to propose.");
    return EXIT.failed;
  },
});

interface Found {
  detected: Detected;
  effect: KeysInEffect;
  /** What the proposal would change; undefined where it is what is in effect. */
  change: { before: Resolved; after: Resolved } | undefined;
}

/** Puts the keys into the configuration. @throws SignalhouseError usage where there is none, or it cannot be written */
async function writeKeys(file: string | undefined, keys: readonly string[]): Promise<void> {
  if (file === undefined)
    throw new SignalhouseError(
      "usage",
      "there is no configuration that the proposal could be written to",
      "Make one with `signalhouse init`, or name one with --config.",
    );
  const before = await readPlainFile(file);
  const after = withSetting(before, "contacts", "keys", keys);
  const wanted = readConfig(parseConfig(before, file), file);
  const is = readConfig(parseConfig(after, file), file);
  if (!isDeepStrictEqual(is, { ...wanted, contacts: { ...wanted.contacts, keys: [...keys] } }))
    throw new SignalhouseError(
      "usage",
      `${file} was left as it is: a setting may stand in it twice`,
      `Write "contacts": { "keys": ${JSON.stringify(keys)} } into it.`,
    );
  await replaceFile(file, after, (await stat(file)).mode & 0o777).catch((error: unknown) => {
    throw writeRefused(file, error, "Its folder has to be yours; --config names another file.");
  });
}

function documentOf({ detected, effect, change }: Found, configured: readonly string[] | undefined, written: string | undefined) {
  const { signals, isEstimate, columns, proposal } = detected;
  return {
    signals,
    is_estimate: isEstimate,
    columns: columns.map(({ header, occurrence, column, filled, values, shared, role, fault }) => ({
      header,
      occurrence,
      column,
      filled,
      fill: signals === 0 ? 0 : filled / signals,
      values,
      shared: shared ?? null,
      role: role ?? null,
      fault: fault ?? null,
    })),
    in_effect: keysDocument(effect),
    configured: configured ?? null,
    proposal,
    change: change ? { contacts: pair(change, "contacts"), signals_with_contact: pair(change, "signals") } : null,
    written: written ?? null,
  };
}

const pair = ({ before, after }: NonNullable<Found["change"]>, name: keyof Resolved) => ({ before: before[name], after: after[name] });

function lines({ detected, effect, change }: Found, configured: readonly string[] | undefined): string[] {
  const { signals, isEstimate, columns, proposal } = detected;
  if (columns.length === 0) return ["The warehouse has no contact attributes yet: they come with exports that have them."];
  const [primary] = proposal;
  const facts = [
    ["in effect", effectText(effect, configured)],
    ["proposed", primary === undefined ? "nothing: no contact attribute tells contacts apart" : keysText(proposal)],
    ...(change ? [["then", changeText(change, isEstimate)]] : []),
  ];
  return [
    ...table(
      ["contact attribute", { right: "fill" }, { right: "values" }, { right: "shared" }, "key"],
      columns.map((column) => [column.header, percent(column.filled, signals), column.values, column.shared ?? "", keyText(column)]),
    ),
    "",
    `fill: the share of ${count(signals, "signal")} that have it${primary === undefined ? "" : `; shared: values that stand beside several of ${JSON.stringify(primary)}`}${isEstimate ? "; values and shared are estimates" : ""}`,
    "",
    ...table(["", ""], facts).slice(1),
    "",
  ];
}

const keyText = ({ role, fault }: DetectedColumn): string =>
  role === undefined ? `no: ${fault ?? "another one is"}` : role === "primary" ? "the primary one" : "a further one";

const percent = (part: number, all: number): string => (all === 0 ? "" : `${((part / all) * 100).toFixed(1)} %`);

function changeText({ before, after }: NonNullable<Found["change"]>, isEstimate: boolean): string {
  const about = isEstimate ? "about " : "";
  return (
    `${about}${count(after.contacts, "contact")} instead of ${number(before.contacts)}; ` +
    `${count(after.signals, "signal")} that say themselves whose they are instead of ${number(before.signals)}`
  );
}

function adviceOf({ detected: { proposal }, effect }: Found, configured: readonly string[] | undefined): string[] {
  if (proposal.length === 0) return ['Say who a contact is with contacts.keys in the configuration, such as "keys": ["Customer ID", "Email"].'];
  if (isSame(proposal, configured ?? effect.keys)) return ["There is nothing to change."];
  return ["Nothing was changed. To take it: signalhouse contacts detect --write, then load or sync, which makes the marts anew."];
}
