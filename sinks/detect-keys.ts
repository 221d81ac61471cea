/** Looking at all contact columns for those that say who a contact is. It reads, and changes nothing. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { WINDOW_DAYS } from "../schemas/marts.ts";
import { keptSettings } from "./mart-settings.ts";
import { type Beside, besideOf, countContacts, type Measured, measureColumns, type MeasuredColumn, type Resolved } from "./measure-contacts.ts";
import { byName, emailColumn, type Fault, faultOfFigures, faultOfFurther, faultOfNeighbours, likeliestFirst } from "./propose-keys.ts";

/** A contact column, and what was found of it. */
export interface DetectedColumn extends MeasuredColumn {
  /** Its place among the proposed keys. */
  role: "primary" | "further" | undefined;
  /** How many of its values stand beside several of the proposed primary key; undefined for that itself, and where none is proposed. */
  shared: number | undefined;
  /** What keeps it from being a key. */
  fault: Fault | undefined;
}

export interface Detected extends Omit<Measured, "columns"> {
  /** Keys first. */
  columns: readonly DetectedColumn[];
  /** The keys that are proposed, the primary one first; none where no column says who a contact is. */
  proposal: readonly string[];
}

/** Measures the contact columns and proposes keys. It reads each contact column some times: half a minute or so for ten million signals. */
export async function detectKeys(connection: DuckDBConnection): Promise<Detected> {
  const measured = await measureColumns(connection);
  const { columns } = measured;
  const beside = besideBy(connection, measured);
  const faults = new Map(columns.map((column) => [column, faultOfFigures(column, measured)]));
  const email = emailColumn(measured);
  let primary: MeasuredColumn | undefined;
  for (const column of likeliestFirst(columns.filter((column) => faults.get(column) === undefined))) {
    const isOther = email !== undefined && email !== column;
    const fault = faultOfNeighbours(column, isOther ? { own: await beside(column, email), email: await beside(email, column) } : undefined);
    faults.set(column, fault);
    if (fault !== undefined) continue;
    primary = column;
    break;
  }
  if (!primary) {
    return {
      ...measured,
      columns: columns.map((column) => ({ ...column, role: undefined, shared: undefined, fault: faults.get(column) })),
      proposal: [],
    };
  }
  const found: DetectedColumn[] = [];
  for (const column of columns) {
    if (column === primary) found.push({ ...column, role: "primary", shared: undefined, fault: undefined });
    else found.push(furtherOf(column, await beside(column, primary), faults.get(column)));
  }
  const further = found.filter(({ role }) => role === "further").toSorted(byName);
  const keys = [...found.filter(({ role }) => role === "primary"), ...further];
  const others = found.filter(({ role }) => role === undefined).toSorted((a, b) => b.filled - a.filled || b.values - a.values);
  return { ...measured, columns: [...keys, ...others], proposal: keys.map(({ header }) => header) };
}

/** What stands beside a column's values, looked at once. */
function besideBy(connection: DuckDBConnection, measured: Measured): (column: MeasuredColumn, other: MeasuredColumn) => Promise<Beside> {
  const known = new Map<string, Beside>();
  return async (column, other) => {
    const pair = `${column.column}\n${other.column}`;
    const found = known.get(pair) ?? (await besideOf(connection, measured, column, other));
    known.set(pair, found);
    return found;
  };
}

/** @param asPrimary what keeps it from being the primary key, which says more than that its name is none of a key's */
function furtherOf(column: MeasuredColumn, own: Beside, asPrimary: Fault | undefined): DetectedColumn {
  const fault = faultOfFurther(column, own);
  return { ...column, role: fault === undefined ? "further" : undefined, shared: own.shared, fault: fault && (asPrimary ?? fault) };
}

/** What the contacts are by the keys in effect, and would be by others. */
export async function compareKeys(
  connection: DuckDBConnection,
  measured: Measured,
  keys: readonly string[],
): Promise<{ before: Resolved; after: Resolved }> {
  const kept = (await keptSettings(connection)) ?? {
    keys: [],
    chosenBy: "names" as const,
    windowDays: WINDOW_DAYS,
    dataset: null,
    isQualified: false,
  };
  return { before: await countContacts(connection, kept, measured), after: await countContacts(connection, { ...kept, keys }, measured) };
}
