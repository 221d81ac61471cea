/**
 * What the configuration's privacy lists is taken out of records, or gets pseudonyms, right behind the splitter: whoever reads them afterwards, by either path, finds what Connect might have sent so, and nothing else is
 * written anywhere.
 */
import { isUtf8 } from "node:buffer";
import { ATTRIBUTE_FIELDS } from "../schemas/content-fields.ts";
import type { Header } from "../schemas/header.ts";
import { CONTENT_KEY, isNoId } from "../schemas/identity.ts";
import { keyedHash, remembering } from "../schemas/keyed-hash.ts";
import { isNull } from "../schemas/kinds.ts";
import { defaultKeys, identifierNames, keyKind, namedAs } from "../schemas/marts.ts";
import {
  type Fold,
  foldedText,
  foldOf,
  foldOfField,
  listedAs,
  listsAny,
  type PrivacyAction,
  type PrivacyInEffect,
  spellingsOfField,
} from "../schemas/privacy.ts";
import { type Block, type Broken, fieldCount, fieldEnd, fieldStart, type Marks, sliceOf } from "./block.ts";
import { QUOTE } from "./bytes.ts";
import { expandRow } from "./expand.ts";
import { readPayload } from "./payload.ts";
import { type JsonRules, type Replace, rewriteJson } from "./private-json.ts";
import { Pseudonyms } from "./pseudonyms.ts";
import { markedRows } from "./rows.ts";

/** A contact attribute in the rows of a file. */
interface Attribute {
  header: string;
  position: number;
  replace: Replace | undefined;
  isForgotten: ((value: string) => boolean) | undefined;
}

/** What holds for files with a certain header. */
interface Plan {
  header: Header;
  attributes: readonly Attribute[];
  rules: JsonRules;
  /** Whether the content that was read last identifies somebody who was forgotten. */
  isForgotten: boolean;
}

/** What takes the place of some bytes. */
interface Edit {
  from: number;
  to: number;
  bytes: Buffer;
}

const IDENTIFIER_VALUE = "identifierValue";

const NOTHING = Buffer.alloc(0);
/** What begins like JSON, and is none: it is read as a content that cannot be. */
const UNREADABLE = Buffer.from("{");

/** Escapes that may stand for letters, digits and what else names have, as far as JSON need not have them. */
const ESCAPES = [2, 3, 4, 5, 6, 7].map((digit) => `\\u00${digit}`);

export class PrivateRecords {
  readonly #privacy: PrivacyInEffect;
  readonly #pseudonyms: Pseudonyms;
  readonly #onValue: ((value: string) => void) | undefined;
  /** Whether anything is listed. */
  readonly lists: boolean;
  /** By how headers are told apart. */
  readonly #columns: ReadonlyMap<string, { name: string; action: PrivacyAction }>;
  readonly #fields: ReadonlyMap<string, Replace>;
  /** A content that has none of these, as it is written, has nothing to take out. */
  readonly words: readonly string[];
  readonly #words: readonly Buffer[];
  readonly #plans = new WeakMap<Header, Plan>();

  /** @param onValue told of each value that something is done with */
  constructor(privacy: PrivacyInEffect, onValue?: (value: string) => void) {
    this.#privacy = privacy;
    this.#onValue = onValue;
    this.#pseudonyms = new Pseudonyms(privacy.secret);
    this.lists = listsAny(privacy);
    this.#columns = new Map(Object.entries(privacy.columns).map(([name, action]) => [listedAs(name), { name, action }]));
    this.#fields = new Map(
      Object.entries(privacy.fields).flatMap(([name, action]) =>
        spellingsOfField(name).map((each) => [each, this.#replace(action, foldOfField(name))]),
      ),
    );
    const names = [...this.#fields.keys()];
    const ofContacts = this.#columns.size + privacy.forgotten.size > 0 ? [IDENTIFIER_VALUE, ...ATTRIBUTE_FIELDS] : [];
    const words = [...names.map(plainPart), ...ofContacts];
    this.words = words.length === 0 || words.includes("") ? words.filter((word) => word === "") : [...words, ...ESCAPES];
    this.#words = this.words.map((word) => Buffer.from(word));
  }

  #replace(action: PrivacyAction, fold: Fold): Replace {
    const replace: Replace = action === "drop" ? () => undefined : (value) => this.#pseudonyms.of(value, fold);
    const tell = this.#onValue;
    if (!tell) return replace;
    return (value) => {
      const made = replace(value);
      if (made !== value) tell(value);
      return made;
    };
  }

  /** How contents of records with this header are rewritten. */
  rulesOf(header: Header): JsonRules {
    return this.#planOf(header).rules;
  }

  /** What becomes of a contact attribute; undefined where nothing does. */
  attributeOf(header: Header, name: string): Replace | undefined {
    return this.#planOf(header).attributes.find((attribute) => attribute.header === name)?.replace;
  }

  /** The header that holds for rewritten records: the same object each time. */
  headerOf(header: Header): Header {
    return this.#planOf(header).header;
  }

  /**
   * A piece of a file without what is listed. Its number of records is the same, and so is what is written of all that is not listed, but for quotes that CSV can do without.
   * @param header as the file has it @param before how many records of the file come before it
   */
  async rewrite(piece: Block | Broken, header: Header, before: number): Promise<Block | Broken> {
    // Where its fields are nobody knows.
    if (piece.kind === "broken") return this.lists ? { ...piece, bytes: NOTHING, isPrivate: true } : piece;
    const plan = this.#planOf(header);
    const marks = new Map<number, Marks>();
    const edits: Edit[] = [];
    const isText = isUtf8(piece.bytes);
    const candidates = this.#candidates(piece);
    for (let index = 0; index < piece.records; index += 1) {
      const known = edits.length;
      const isForgotten = await this.#rewriteRecord(piece, index, plan, { isText, isCandidate: candidates.has(index) }, edits);
      if (isForgotten) {
        edits.length = known;
        blank(piece, index, edits);
        marks.set(index, { isForgotten: true });
        continue;
      }
      const key = await this.#keyOf(piece, index, header, before + index + 1, isText);
      if (key !== undefined) marks.set(index, { key });
    }
    if (edits.length === 0 && marks.size === 0) return piece;
    return { ...edited(piece, edits), ...(marks.size > 0 ? { marks } : {}) };
  }

  #planOf(header: Header): Plan {
    const known = this.#plans.get(header);
    if (known) return known;
    const contacts = header.fields.flatMap((field, position) => (field.contact ? [{ header: field.header, position }] : []));
    const keys = this.#privacy.keys.length > 0 ? this.#privacy.keys : defaultKeys(contacts.map(({ header }) => header));
    const replaceOf = (name: string): Replace | undefined => {
      const listed = this.#columns.get(listedAs(name));
      return listed && this.#replace(listed.action, foldOf(name, keys));
    };
    const attributes = contacts.flatMap(({ header, position }): Attribute[] => {
      const [replace, isForgotten] = [replaceOf(header), this.#isForgotten(header, keys)];
      return replace || isForgotten ? [{ header, position, replace, isForgotten }] : [];
    });
    // Where no file has brought contact attributes yet, a contact key is what is listed as one.
    const primary = keys[0] ?? [...this.#columns.values()].find(({ name }) => namedAs(name) === "customer")?.name;
    const own = this.#privacy.fields[IDENTIFIER_VALUE];
    const identified = [...new Set([...keys, ...contacts.map(({ header }) => header), ...[...this.#columns.values()].map(({ name }) => name)])];
    const plan: Plan = {
      header: this.lists ? { ...header, isPrivate: true } : { ...header },
      attributes,
      isForgotten: false,
      rules: {
        member: (name, isAttribute) =>
          name === IDENTIFIER_VALUE ? undefined : (this.#fields.get(name) ?? (isAttribute ? replaceOf(name) : undefined)),
        // It is a value of an attribute, and is treated as that is.
        identifier: (names) => {
          const folded = names.map((name) => name.toLowerCase().replace(/[^a-z0-9]/g, ""));
          const meant = identified.filter((header) => identifierNames(header, header === primary).some((name) => folded.includes(name)));
          const forgotten = meant.flatMap((header) => this.#isForgotten(header, keys) ?? []);
          const [first] = meant;
          const replace = own ? this.#replace(own, first === undefined ? "look" : foldOf(first, keys)) : meant.map(replaceOf).find(Boolean);
          if (forgotten.length === 0) return replace;
          return (value) => {
            if (forgotten.some((is) => is(value))) plan.isForgotten = true;
            return replace ? replace(value) : value;
          };
        },
      },
    };
    this.#plans.set(header, plan);
    return plan;
  }

  /** Tells values of an attribute by which somebody was forgotten, before it was listed or since. */
  #isForgotten(header: string, keys: readonly string[]): ((value: string) => boolean) | undefined {
    const hashes = this.#privacy.forgotten.get(header);
    if (!hashes || hashes.size === 0) return undefined;
    const kind = keyKind(header);
    const known = new Map<string, boolean>();
    return (value) => {
      const text = foldedText(value, kind === "other" ? "exact" : kind);
      const held = known.get(text);
      if (held !== undefined) return held;
      const texts = [text, this.#pseudonyms.of(value, foldOf(header, keys)) ?? ""];
      const is = texts.some((each) => each !== "" && hashes.has(keyedHash(this.#privacy.secret, remembering("key", header) + each)));
      if (known.size >= 20_000) known.clear();
      known.set(text, is);
      return is;
    };
  }

  /** The records of a block that have one of the words. */
  #candidates({ bytes, starts, records }: Block): Set<number> {
    const found = new Set<number>();
    if (this.words.includes("")) return new Set(starts.keys());
    for (const word of this.#words) {
      let index = 0;
      for (let at = bytes.indexOf(word); at !== -1; at = bytes.indexOf(word, at)) {
        while (index + 1 < records && (starts[index + 1] as number) <= at) index += 1;
        found.add(index);
        // On to the next record.
        if (index + 1 >= records) break;
        at = starts[index + 1] as number;
      }
    }
    return found;
  }

  /** @returns whether the record is of somebody who was forgotten */
  async #rewriteRecord(
    block: Block,
    index: number,
    plan: Plan,
    { isText, isCandidate }: { isText: boolean; isCandidate: boolean },
    edits: Edit[],
  ): Promise<boolean> {
    const { header, attributes, rules } = plan;
    if (fieldCount(block, index) !== header.names.length) {
      if (this.lists) blank(block, index, edits);
      return false;
    }
    const own: Edit[] = [];
    for (const { position, replace, isForgotten } of attributes) {
      const [from, to] = [fieldStart(block, index, position), fieldEnd(block, index, position)];
      if (from === to) continue;
      const value = textOf(block.bytes, from, to, isText);
      if (isNull(value)) continue;
      if (isForgotten?.(value)) return true;
      const made = replace?.(value);
      if (replace && made !== value) own.push({ from, to, bytes: made === undefined ? NOTHING : Buffer.from(made) });
    }
    const content = isCandidate ? header.positions.get("SIGNAL_CONTENT") : undefined;
    if (content !== undefined) {
      const [from, to] = [fieldStart(block, index, content), fieldEnd(block, index, content)];
      plan.isForgotten = false;
      const made = from === to ? undefined : await this.#rewriteContent(block.bytes, from, to, rules, isText);
      if (plan.isForgotten) return true;
      if (made) own.push({ from, to, bytes: made });
    }
    for (const edit of own.sort((one, other) => one.from - other.from)) edits.push(edit);
    return false;
  }

  /** @returns the field as it is to stand; undefined where it is as it is to be */
  async #rewriteContent(bytes: Buffer, from: number, to: number, rules: JsonRules, isText: boolean): Promise<Buffer | undefined> {
    // What cannot be read becomes a reject, and must leave nothing on the way.
    const unreadable = this.lists ? UNREADABLE : undefined;
    if (!isText && !isUtf8(bytes.subarray(from, to))) return unreadable;
    const text = textOf(bytes, from, to, true);
    const rewritten = rewriteJson(text, rules);
    if (!rewritten || rewritten.isOdd) {
      const { kind } = await readPayload(text);
      if (kind === "fault") return unreadable;
      if (!rewritten) return undefined;
    }
    return rewritten.text === text ? undefined : Buffer.from(`"${rewritten.text.replaceAll('"', '""')}"`);
  }

  /** The key of a record without an id, of all that it says: made before anything is taken out, so that two that differ in that alone stay two. Hashed by the privacy key, so that nobody can try what it was. */
  async #keyOf(block: Block, index: number, header: Header, recordNo: number, isText: boolean): Promise<string | undefined> {
    if (fieldCount(block, index) !== header.names.length) return undefined;
    const position = header.positions.get("SIGNAL_ID");
    if (position !== undefined) {
      const [from, to] = [fieldStart(block, index, position), fieldEnd(block, index, position)];
      const hasText = from < to && (isText || isUtf8(block.bytes.subarray(from, to)));
      const id = hasText ? textOf(block.bytes, from, to, true) : "";
      if (!isNull(id) && !isNoId(id)) return undefined;
    }
    const [row] = markedRows(sliceOf(block, index, index + 1), [recordNo]);
    const record = row && (await expandRow(row, header));
    return record && record.kind !== "reject" ? keyedContentKey(this.#privacy.secret, record.signal_type, record.signal_key) : undefined;
  }
}

/** The key of a signal without an id where its content may be left out. A single signal that was forgotten is remembered by the same hash, so that it is known by its key. */
const keyedContentKey = (secret: Buffer, type: string, key: string): string =>
  CONTENT_KEY.prefix + keyedHash(secret, `${remembering("signal", "")}${type}\u001f${key}`);

/** The longest part of a name that JSON writes as it is, or as escapes of ESCAPES. */
const plainPart = (name: string): string =>
  (name.match(/[A-Za-z0-9_ .-]+/g) ?? []).reduce((longest, part) => (part.length > longest.length ? part : longest), "");

/** What a field says. */
function textOf(bytes: Buffer, from: number, to: number, isText: boolean): string {
  const isQuoted = bytes[from] === QUOTE;
  const [start, end] = isQuoted ? [from + 1, to - 1] : [from, to];
  const text = bytes.toString(isText || isUtf8(bytes.subarray(start, end)) ? "utf8" : "latin1", start, end);
  return isQuoted ? text.replaceAll('""', '"') : text;
}

/** Empties all fields of a record. */
function blank(block: Block, index: number, edits: Edit[]): void {
  for (let field = 0; field < fieldCount(block, index); field += 1) {
    const [from, to] = [fieldStart(block, index, field), fieldEnd(block, index, field)];
    // A line must not become empty: it would be no record.
    if (from < to) edits.push({ from, to, bytes: fieldCount(block, index) === 1 ? UNREADABLE : NOTHING });
  }
}

/** A block with other bytes in some places: fields, each as a whole, in order. */
function edited(block: Block, edits: readonly Edit[]): Block {
  const { bytes, records, firstFields } = block;
  const starts = new Uint32Array(records);
  const fieldEnds = new Uint32Array(block.fieldEnds.length);
  const pieces: Buffer[] = [];
  let [next, copied, shift] = [0, 0, 0];
  for (let index = 0; index < records; index += 1) {
    starts[index] = (block.starts[index] as number) + shift;
    for (let field = firstFields[index] as number; field < (firstFields[index + 1] as number); field += 1) {
      const end = block.fieldEnds[field] as number;
      const edit = edits[next];
      if (edit && edit.to <= end && edit.from <= end) {
        pieces.push(bytes.subarray(copied, edit.from), edit.bytes);
        copied = edit.to;
        shift += edit.bytes.length - (edit.to - edit.from);
        next += 1;
      }
      fieldEnds[field] = end + shift;
    }
  }
  pieces.push(bytes.subarray(copied));
  return { ...block, bytes: Buffer.concat(pieces), starts, fieldEnds };
}
