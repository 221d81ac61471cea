/** From the text of SIGNAL_CONTENT to the payload in it: out of texts, lists and envelopes. */
import { CONTENT_PATHS } from "../schemas/content-fields.ts";
import { isNoId } from "../schemas/identity.ts";
import { LongNumber, NULL_TEXT } from "../schemas/kinds.ts";
import { knownSignalType, LEGACY_BEHAVIOR_TYPES } from "../schemas/signal-types.ts";
import { type JsonResult, readJson, readJsonNow, withoutBlanks } from "./json.ts";

export type JsonObject = Record<string, unknown>;

/** A payload that was found in SIGNAL_CONTENT: its own fields first, then those of the envelopes around it. */
export interface Payload {
  own: JsonObject;
  envelopes: JsonObject[];
}

/** What was found: a payload, nothing (which is no fault), or a fault as words that say what is wrong, and where. */
export type Found<T> = { kind: "value"; value: T } | { kind: "nothing" } | { kind: "fault"; fault: string };

/** Texts inside texts, and lists of one, are opened so often; what is packed deeper is taken for a mistake. */
const MOST_LAYERS = 3;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof LongNumber);

/** Whether a text says nothing: it is empty, or has blanks only, of whatever kind. */
export const isBlank = (text: string): boolean => withoutBlanks(text) === "";

/** Objects, lists, numbers and booleans say something, or are read to find out. */
const SAYS_SOMETHING = /^["']?(?:[[{]|true|false|[-+]?[\d.])/i;

/** Whether a text is one of the words for nothing that stand in place of ids, too. */
function saysNothing(text: string): boolean {
  const bare = text.length < 100 ? withoutBlanks(text) : text;
  return bare === NULL_TEXT || (isNoId(bare) && !SAYS_SOMETHING.test(bare));
}

/** The payload in a SIGNAL_CONTENT. Gives a promise only where that is so large that it is read in pieces. */
export function readPayload(text: string): Found<Payload> | Promise<Found<Payload>> {
  if (isBlank(text) || saysNothing(text)) return { kind: "nothing" };
  const json = readJson(text);
  return json instanceof Promise ? json.then(payloadIn) : payloadIn(json);
}

function payloadIn(json: JsonResult): Found<Payload> {
  if (json.fault !== undefined) return { kind: "fault", fault: json.fault };
  const content = opened(json.value);
  return content.kind === "value" ? unwrap(content.value) : content;
}

/** The object that a value is, or that stands in it as JSON text, or as the only member of a list. */
export function opened(value: unknown, layers = MOST_LAYERS): Found<JsonObject> {
  if (isObject(value)) return { kind: "value", value };
  if (value === null || (typeof value === "string" && (isBlank(value) || saysNothing(value)))) return { kind: "nothing" };
  if (typeof value !== "string" && !Array.isArray(value))
    return { kind: "fault", fault: `it is a ${typeof value === "boolean" ? "boolean" : "number"}, not an object` };
  if (layers === 0) return { kind: "fault", fault: `it is packed into texts and lists more than ${MOST_LAYERS} times` };
  if (Array.isArray(value)) return onlyOne(value, layers - 1);
  const inner = readJsonNow(value);
  return inner.fault === undefined
    ? opened(inner.value, layers - 1)
    : { kind: "fault", fault: `it is a text, and what stands in that is no JSON: ${inner.fault}` };
}

function onlyOne(list: readonly unknown[], layers: number): Found<JsonObject> {
  const members = list.map((member) => opened(member, layers)).filter(({ kind }) => kind !== "nothing");
  if (members.length > 1) return { kind: "fault", fault: `it is a list of ${members.length}, and a row is one signal` };
  return members[0] ?? { kind: "nothing" };
}

/** What an envelope has its payload under: most contents have none of these, and are one. */
const ENVELOPE_NAMES: readonly string[] = [...new Set(CONTENT_PATHS.flatMap(([first]) => (first === undefined ? [] : [first])))];

/** The payload in a content: the innermost, so long as it or an envelope around it names a signal type. */
function unwrap(content: JsonObject): Found<Payload> {
  if (!ENVELOPE_NAMES.some((name) => Object.hasOwn(content, name))) return { kind: "value", value: { own: content, envelopes: [] } };
  // Paths begin alike, and what stands as a text is read once.
  const seen = new Map<unknown, Found<JsonObject>>();
  const open = (value: unknown): Found<JsonObject> => {
    if (isObject(value)) return { kind: "value", value };
    const known = seen.get(value) ?? opened(value);
    seen.set(value, known);
    return known;
  };
  const found: Payload[] = [];
  for (const path of CONTENT_PATHS) {
    const followed = follow(content, path, open);
    if (followed.kind === "fault") return followed;
    if (followed.kind === "value") found.push(followed.value);
  }
  return { kind: "value", value: found.findLast((payload) => typeOf(payload) !== undefined) ?? (found.at(-1) as Payload) };
}

/** Under this name stands nothing but a payload. */
const PAYLOAD_NAME = "signalContent";

/** Whether a value where a payload may be begins like one: where it cannot be opened it is damaged, as a content would be. */
function isDamaged(key: string, value: unknown): boolean {
  if (key === PAYLOAD_NAME) return Array.isArray(value) || (typeof value === "string" && /^["[{]/.test(withoutBlanks(value)));
  return typeof value === "string" && /^\{\s*["']/.test(withoutBlanks(value));
}

function follow(content: JsonObject, path: readonly string[], open: (value: unknown) => Found<JsonObject>): Found<Payload> {
  let own = content;
  const envelopes: JsonObject[] = [];
  for (const key of path) {
    if (!Object.hasOwn(own, key)) return { kind: "nothing" };
    const inner = open(own[key]);
    if (inner.kind === "fault" && isDamaged(key, own[key])) return { kind: "fault", fault: `${path.join(".")}: ${inner.fault}` };
    if (inner.kind !== "value") return { kind: "nothing" };
    const { [key]: _inner, ...envelope } = own;
    envelopes.unshift(envelope);
    own = inner.value;
  }
  return { kind: "value", value: { own, envelopes } };
}

/** The signal type that a payload or an envelope around it names, in Connect's spelling where it is known: the innermost counts. */
export function typeOf({ own, envelopes }: Payload): string | undefined {
  return [own, ...envelopes].map(typeNamedBy).find((type) => type !== undefined);
}

function typeNamedBy({ signalType, behaviorType }: JsonObject): string | undefined {
  const said = [signalType, behaviorType].find((value) => typeof value === "string" && !isBlank(value));
  const name = typeof said === "string" ? withoutBlanks(said) : undefined;
  return name !== undefined ? (knownSignalType(name) ?? LEGACY_BEHAVIOR_TYPES.get(name.toLowerCase()) ?? name) : undefined;
}
