/** Which contact columns say who a contact is, by what they hold. It is a proposal: nothing comes of it by itself. */
import { keyKind, namedAs, nameRank } from "../schemas/marts.ts";
import type { Beside, Measured, MeasuredColumn } from "./measure-contacts.ts";

/** A primary key is in so many of the signals that have the contact attribute which most of them have. */
const NEARLY_ALL = 0.9;
/** It has so many values for each e-mail address that there is. */
const MANY = 0.5;
/** A column whose name says nothing has at least so many: tiers and countries have fewer. */
const AT_LEAST = 20;
/** So many values of a primary key may stand beside several e-mail addresses, and so many e-mail addresses beside several of its values. */
const FEW = 0.4;
/** So many values of a primary key look like numbers or addresses. */
const MOSTLY = 0.95;
/** So many values of a further key may be several contacts'. */
const HALF = 0.5;

/** What keeps a column from being a key, in words that end a sentence about it. */
export type Fault = string;

/** Where there are so many customer numbers for each e-mail address, the addresses are not the customers' own. */
const TOO_MANY = 10;

/** The e-mail addresses that other columns are compared with: those that most signals have; undefined where no name says which they are, or they tell nobody apart. */
export function emailColumn({ columns }: Measured): MeasuredColumn | undefined {
  const [email] = columns.filter((column) => isNamed(column) && keyKind(column.header) === "email").toSorted((a, b) => b.filled - a.filled);
  if (!email || email.values < 2) return undefined;
  const customers = columns.filter(({ header }) => namedAs(header) === "customer").map(({ values }) => values);
  return Math.max(0, ...customers) > email.values * TOO_MANY ? undefined : email;
}

/** Of several columns with one header a setting means the first. */
const isNamed = ({ occurrence }: MeasuredColumn) => occurrence === 1;

/** What keeps a column from being the primary key, by its own figures; undefined where nothing does. */
export function faultOfFigures(column: MeasuredColumn, measured: Measured): Fault | undefined {
  const most = Math.max(...measured.columns.map(({ filled }) => filled));
  const people = emailColumn(measured)?.values ?? Math.max(...measured.columns.map(({ values }) => values));
  if (!isNamed(column)) return "its header is another column's, too";
  if (column.filled === 0) return "it is empty";
  const least = Math.max(people * MANY, namedAs(column.header) === undefined ? AT_LEAST : 2);
  if (column.values < least) return "it has too few values";
  return column.filled < most * NEARLY_ALL ? "too few signals have it" : undefined;
}

/** The same by its values, and what stands beside them: e-mail addresses, and what stands beside those; undefined where there are none, or it is these. */
export function faultOfNeighbours({ header, keyLike }: MeasuredColumn, beside: { own: Beside; email: Beside } | undefined): Fault | undefined {
  if (namedAs(header) === undefined && keyLike < MOSTLY) return "its values are words, texts or dates";
  if (!beside) return undefined;
  if (beside.own.share > FEW) return "its values stand beside several e-mail addresses each";
  return beside.email.share > FEW ? "e-mail addresses stand beside several of its values" : undefined;
}

/** Columns as they come into question for the primary key: a customer number before another number, that before an e-mail address, that before a phone number; then by their names. */
export function likeliestFirst(columns: readonly MeasuredColumn[]): MeasuredColumn[] {
  const order = ["customer", undefined, "email", "phone"];
  const place = ({ header }: MeasuredColumn) => order.indexOf(namedAs(header));
  return columns.toSorted(
    (a, b) => place(a) - place(b) || byName(a, b) || b.filled - a.filled || b.values - a.values || (a.header < b.header ? -1 : 1),
  );
}

/** What keeps a column from being a further key. @param own what stands beside its values of the primary key */
export function faultOfFurther(column: MeasuredColumn, own: Beside): Fault | undefined {
  if (!isNamed(column)) return "its header is another column's, too";
  if (column.filled === 0) return "it is empty";
  if (namedAs(column.header) === undefined) return "its name is none of a number, an e-mail address or a phone number";
  return own.share > HALF ? "most of its values are several contacts'" : undefined;
}

/** Likelier names first, Infinity last. */
export const byName = (a: MeasuredColumn, b: MeasuredColumn): number => {
  const [one, other] = [nameRank(a.header), nameRank(b.header)];
  return one === other ? 0 : one - other;
};
