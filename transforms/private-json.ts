/** Taking values out of JSON text, or putting others in their place. All else stays as it is written, character for character. */
import { ATTRIBUTE_FIELDS } from "../schemas/content-fields.ts";
import { MAX_DEPTH, withoutBlanks } from "./json.ts";

/** What becomes of a value: undefined takes it out. Of a list or an object that is asked for each text, number and truth in it. */
export type Replace = (value: string) => string | undefined;

/** What is to be done with a member of an object; undefined where nothing is. */
export interface JsonRules {
  /** By its name. @param isAttribute whether it stands where contact attributes do */
  member: (name: string, isAttribute: boolean) => Replace | undefined;
  /** What an identification says. @param identifierNames what it is a value of, as far as that is said: beside it, else anywhere in the content */
  identifier: (identifierNames: readonly string[]) => Replace | undefined;
}

/** What came of it. */
export interface Rewritten {
  text: string;
  /** Whether something in it begins like JSON and is none: whether it can be read is to be told by whoever reads it. */
  isOdd: boolean;
}

/** @returns undefined where the text is no JSON */
export function rewriteJson(text: string, rules: JsonRules): Rewritten | undefined {
  return rewrite(text, rules, false, () => identifierNamesIn(text));
}

function rewrite(text: string, rules: JsonRules, isAttribute: boolean, said: () => readonly string[]): Rewritten | undefined {
  const json = withoutBlanks(text);
  const start = text.indexOf(json);
  if (!isJson(json)) return undefined;
  const rewriter = new Rewriter(json, rules, said);
  try {
    rewriter.read(isAttribute);
  } catch (error) {
    if (error instanceof TooDeep) return undefined;
    throw error;
  }
  const edited = applied(json, rewriter.edits);
  return { text: edited === json ? text : text.slice(0, start) + edited + text.slice(start + json.length), isOdd: rewriter.isOdd };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** What the identifications of a JSON text are of, in texts that hold JSON, too: an envelope may say it of what it holds. */
function identifierNamesIn(text: string): string[] {
  const names: string[] = [];
  JSON.parse(withoutBlanks(text), (name, value: unknown) => {
    if (typeof value !== "string") return value;
    if (name === IDENTIFIER.name) names.push(value);
    else if (/^["[{]/.test(withoutBlanks(value)) && isJson(withoutBlanks(value))) names.push(...identifierNamesIn(value));
    return value;
  });
  return names;
}

/** What takes the place of some characters. */
interface Edit {
  from: number;
  to: number;
  text: string;
}

interface Member {
  name: string;
  /** Where its name begins, its value begins, and it ends. */
  start: number;
  value: number;
  end: number;
  replace: Replace | undefined;
  /** Those inside of its value. */
  edits: Edit[];
  isTakenOut: boolean;
}

function applied(text: string, edits: readonly Edit[]): string {
  if (edits.length === 0) return text;
  let [result, at] = ["", 0];
  for (const edit of edits) {
    result += text.slice(at, edit.from) + edit.text;
    at = edit.to;
  }
  return result + text.slice(at);
}

class TooDeep extends Error {}

const [QUOTE, BACKSLASH, COMMA, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [0x22, 0x5c, 0x2c, 0x7b, 0x7d, 0x5b, 0x5d];

/** Walks through JSON text that is known to be valid. */
class Rewriter {
  readonly #text: string;
  readonly #rules: JsonRules;
  readonly #said: () => readonly string[];
  #depth = 0;
  /** In order, none within another one. */
  edits: Edit[] = [];
  isOdd = false;

  /** @param said what the identifications of the whole content are of */
  constructor(text: string, rules: JsonRules, said: () => readonly string[]) {
    this.#text = text;
    this.#rules = rules;
    this.#said = said;
  }

  read(isAttribute: boolean): void {
    if (this.#text.charCodeAt(0) !== OPEN) this.isOdd = true;
    this.#value(0, isAttribute, false);
  }

  /** @returns where the value ends that begins at a place */
  #value(at: number, isAttribute: boolean, inList: boolean): number {
    const first = this.#text.charCodeAt(at);
    if (first === QUOTE) return this.#string(at, isAttribute);
    if (first !== OPEN && first !== OPEN_LIST) return this.#plainEnd(at);
    if ((this.#depth += 1) > MAX_DEPTH) throw new TooDeep();
    const end = first === OPEN ? this.#object(at, isAttribute, inList) : this.#list(at, isAttribute);
    this.#depth -= 1;
    return end;
  }

  #list(start: number, isAttribute: boolean): number {
    let at = this.#next(start + 1);
    while (this.#text.charCodeAt(at) !== CLOSE_LIST) {
      at = this.#next(this.#value(at, isAttribute, true));
      if (this.#text.charCodeAt(at) === COMMA) at = this.#next(at + 1);
    }
    return at + 1;
  }

  #object(start: number, isAttribute: boolean, inList: boolean): number {
    const members: Member[] = [];
    const outer = this.edits;
    let at = this.#next(start + 1);
    while (this.#text.charCodeAt(at) !== CLOSE) {
      const nameEnd = this.#stringEnd(at);
      const name = JSON.parse(this.#text.slice(at, nameEnd)) as string;
      const value = this.#next(this.#next(nameEnd) + 1);
      this.edits = [];
      const end = this.#value(value, isAttribute || ATTRIBUTE_FIELDS.includes(name), false);
      members.push({ name, start: at, value, end, replace: this.#rules.member(name, isAttribute), edits: this.edits, isTakenOut: false });
      at = this.#next(end);
      if (this.#text.charCodeAt(at) === COMMA) at = this.#next(at + 1);
    }
    this.edits = outer;
    this.#pair(members, isAttribute, inList);
    this.#edit(members);
    return at + 1;
  }

  /** Where one member says what another one is the value of. */
  #pair(members: readonly Member[], isAttribute: boolean, inList: boolean): void {
    for (const member of members) {
      if (member.replace) continue;
      if (member.name === IDENTIFIER.value) member.replace = this.#identifier(this.#textsOf(members, IDENTIFIER.name));
      const named = inList && member.name === PAIR.value ? this.#textsOf(members, PAIR.name) : [];
      for (const name of named) member.replace ??= name === IDENTIFIER.value ? this.#identifier([]) : this.#rules.member(name, isAttribute);
    }
  }

  /** @param names that stand beside its value */
  #identifier(names: readonly string[]): Replace | undefined {
    return this.#rules.identifier(names.length > 0 ? names : this.#said());
  }

  /** The texts of members of a name, which may stand several times. */
  #textsOf(members: readonly Member[], name: string): string[] {
    return members.flatMap(({ name: own, value, end }) =>
      own === name && this.#text.charCodeAt(value) === QUOTE ? [JSON.parse(this.#text.slice(value, end)) as string] : [],
    );
  }

  #edit(members: readonly Member[]): void {
    for (const member of members) member.isTakenOut = this.#isTakenOut(member);
    const last = members.findLast(({ isTakenOut }) => !isTakenOut);
    for (const [index, member] of members.entries()) {
      if (!member.isTakenOut) {
        for (const edit of member.edits) this.edits.push(edit);
        continue;
      }
      const next = members[index + 1];
      // What stands behind the last one that stays goes with the comma before it.
      if (last && member.start < last.start) this.edits.push({ from: member.start, to: (next as Member).start, text: "" });
    }
    const end = members.at(-1);
    if (!end || last === end) return;
    this.edits.push({ from: last ? last.end : (members[0] as Member).start, to: end.end, text: "" });
  }

  /** Whether nothing is left of a member; else what takes the place of its value is among its edits. */
  #isTakenOut(member: Member): boolean {
    const { replace, value, end } = member;
    if (!replace) return false;
    const first = this.#text.charCodeAt(value);
    if (first !== OPEN && first !== OPEN_LIST) {
      const scalar = this.#scalar(value, end);
      const made = replace(scalar ?? ANY);
      if (made === undefined) return true;
      member.edits = scalar === undefined || made === scalar ? [] : [{ from: value, to: end, text: JSON.stringify(made) }];
      return false;
    }
    if (replace(ANY) === undefined) return true;
    member.edits = [];
    this.#scalars(value, replace, member.edits);
    return false;
  }

  /** Replaces all texts, numbers and truths in a value. @returns where it ends */
  #scalars(at: number, replace: Replace, edits: Edit[]): number {
    const first = this.#text.charCodeAt(at);
    if (first !== OPEN && first !== OPEN_LIST) {
      const end = first === QUOTE ? this.#stringEnd(at) : this.#plainEnd(at);
      const scalar = this.#scalar(at, end);
      if (scalar !== undefined) edits.push({ from: at, to: end, text: JSON.stringify(replace(scalar) ?? null) });
      return end;
    }
    const close = first === OPEN ? CLOSE : CLOSE_LIST;
    let next = this.#next(at + 1);
    while (this.#text.charCodeAt(next) !== close) {
      if (first === OPEN) next = this.#next(this.#next(this.#stringEnd(next)) + 1);
      next = this.#next(this.#scalars(next, replace, edits));
      if (this.#text.charCodeAt(next) === COMMA) next = this.#next(next + 1);
    }
    return next + 1;
  }

  /** A text, or a number or truth as text; undefined of what says nothing. */
  #scalar(from: number, to: number): string | undefined {
    const text = this.#text.slice(from, to);
    const value = text.startsWith('"') ? (JSON.parse(text) as string) : text;
    return text === "null" || value === "" ? undefined : value;
  }

  /** A text, in which JSON may stand again. */
  #string(at: number, isAttribute: boolean): number {
    const end = this.#stringEnd(at);
    const written = this.#text.slice(at, end);
    // Nothing but a bracket or quote begins JSON that has names in it; that may be escaped, or have blanks before it.
    if (!MAY_BE_JSON.test(written)) return end;
    const value = JSON.parse(written) as string;
    if (!/^["[{]/.test(withoutBlanks(value))) return end;
    const inner = rewrite(value, this.#rules, isAttribute, this.#said);
    if (!inner || inner.isOdd) this.isOdd = true;
    // It is JSON, and nested too deep to be looked into.
    if (!inner && isJson(withoutBlanks(value))) this.edits.push({ from: at, to: end, text: "null" });
    if (inner && inner.text !== value) this.edits.push({ from: at, to: end, text: JSON.stringify(inner.text) });
    return end;
  }

  #stringEnd(start: number): number {
    let at = start + 1;
    for (let code = this.#text.charCodeAt(at); code !== QUOTE; code = this.#text.charCodeAt(at)) at += code === BACKSLASH ? 2 : 1;
    return at + 1;
  }

  /** Where a number or a word ends. */
  #plainEnd(start: number): number {
    let at = start;
    while (at < this.#text.length && /[^\s,\]}]/.test(this.#text.charAt(at))) at += 1;
    return at;
  }

  /** The place of what comes next, behind blanks. */
  #next(start: number): number {
    let at = start;
    while (this.#text.charCodeAt(at) <= 0x20) at += 1;
    return at;
  }
}

/** The members that say together who somebody is, and those of a list of names and values. */
const IDENTIFIER = { name: "identifierName", value: "identifierValue" };
const PAIR = { name: "name", value: "value" };

/** A text that says something, as a phone number, too: what becomes of it tells whether what says nothing, and lists and objects as a whole, are taken out. */
const ANY = "0";

const MAY_BE_JSON = /^"(?:[\s[{\\]|[^\0-\x7f])/;
