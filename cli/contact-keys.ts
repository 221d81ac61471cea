/** What says who a contact is, in words and for programs. */
import { didYouMean } from "../schemas/suggest.ts";
import type { KeysInEffect } from "../sinks/mart-settings.ts";
import type { Filling } from "../sinks/migrate.ts";
import { count } from "./format.ts";

/** `"Customer ID", then "Email", "Mobile Number"`; "nothing" where there are none. */
export function keysText(keys: readonly string[]): string {
  const [primary, ...others] = keys.map((key) => JSON.stringify(key));
  if (primary === undefined) return "nothing";
  return others.length === 0 ? primary : `${primary}, then ${others.join(", ")}`;
}

/** For a JSON document. */
export const keysDocument = ({ keys, chosenBy, unknown }: KeysInEffect) => ({
  keys,
  chosen_by: chosenBy,
  unknown: unknown.map(({ key }) => key),
});

/** What is in effect and why, in words. @param configured what the configuration says now, which the next load or sync puts into effect */
export function effectText({ keys, chosenBy, unknown }: KeysInEffect, configured: readonly string[] | undefined): string {
  if (keys.length === 0 && !configured) return "nothing yet; see: signalhouse contacts detect";
  const why = chosenBy === "names" ? "by default, for their names" : `as contacts.keys ${configured ? "says" : "said"}`;
  const missing = unknown.length === 0 ? "" : `; no column yet has the header ${unknown.map(({ key }) => JSON.stringify(key)).join(", ")}`;
  const next = configured && !isSame(configured, keys) ? `; from the next load or sync on by ${keysText(configured)}, as contacts.keys says` : "";
  return `${keysText(keys)}${keys.length === 0 ? "" : `, ${why}`}${missing}${next}`;
}

/** Whether two settings of keys are the same. */
export const isSame = (some: readonly string[], others: readonly string[]): boolean => JSON.stringify(some) === JSON.stringify(others);

/** The keys that are the header of no column, in lines. */
export const unknownLines = (unknown: KeysInEffect["unknown"]): string[] =>
  unknown.map(({ key, similar }) => {
    const guess = didYouMean(similar.map((header) => JSON.stringify(header))).trim();
    return `contacts.keys has ${JSON.stringify(key)}, which is the header of no contact column yet${guess ? `. ${guess}` : ""}`;
  });

/** What has become clear with a load, in lines; none where the configuration has said it and all is as it says. */
export function chosenLines({ keys, chosenBy, unknown }: KeysInEffect): string[] {
  if (chosenBy === "configuration") return unknownLines(unknown);
  const text =
    keys.length === 0
      ? "no contact attribute has a name that says who a contact is, so that marts know no contacts"
      : `contacts are told apart by ${keysText(keys)}, chosen by name, and so it stays until contacts.keys says something else`;
  return [`${text}; see: signalhouse contacts detect`];
}

/** That marts are filled, and why, in lines. */
export function fillingLines({ signals, keys, keysBefore }: Filling): string[] {
  const how = `of ${count(signals, "signal")}. That may take a minute for ten million of them. It is one transaction: interrupted, it leaves the warehouse as it was.`;
  if (keysBefore === undefined) return [`The marts of the warehouse are made, ${how}`];
  if (isSame(keysBefore, keys.keys)) return [`The marts of the warehouse are made anew, as this version has them, ${how}`];
  return [
    `Contacts are told apart by ${keysText(keys.keys)} from now on, as contacts.keys says; it was ${keysText(keysBefore)}. The marts are made anew, ${how}`,
    ...unknownLines(keys.unknown),
  ];
}
