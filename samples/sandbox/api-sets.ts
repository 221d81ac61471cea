/** The reference sets that the sandbox's subscription has. */
import { randomUUID } from "node:crypto";

export type AttributeType = "TEXT" | "NUMBER" | "BOOLEAN" | "DATE";

export interface SandboxAttribute {
  readonly name: string;
  readonly type: AttributeType;
  readonly isKey: boolean;
  /** How many decimals a number may have, where that was said. */
  readonly decimalPrecision: number | null;
}

/** Cells by attribute, as the file had them; null where they were empty. */
export type SandboxRecord = Map<string, string | null>;

export interface SandboxSet {
  readonly id: string;
  readonly name: string;
  attributes: SandboxAttribute[];
  /** By key. */
  records: Map<string, SandboxRecord>;
}

export const newSet = (name: string, attributes: SandboxAttribute[]): SandboxSet => ({ id: randomUUID(), name, attributes, records: new Map() });

/** The audience, which every subscription has. */
const AUDIENCE = { dataSetId: "00000000-0000-4000-8000-000000000000", name: "Audience", type: "AUDIENCE", size: 0, attributes: [] };

interface DataSetsArguments {
  filter?: readonly { field: string; eq: string }[] | null;
  first?: number | null;
  after?: string | null;
}

/** What `dataSets` answers. */
export function dataSets(sets: readonly SandboxSet[], { filter, first, after }: DataSetsArguments) {
  const nodes = sets.map(({ id, name, attributes, records }) => ({
    dataSetId: id,
    name,
    type: "REFERENCE_SET",
    size: records.size,
    attributes: attributes.map(({ name, type, isKey, decimalPrecision }) => ({ name, type, identifyAs: { key: isKey }, decimalPrecision })),
  }));
  const matching = [AUDIENCE, ...nodes].filter((node) => (filter ?? []).every(({ field, eq }) => (node as Record<string, unknown>)[field] === eq));
  return page(matching, first, after, 50);
}

/** What `referenceSetRecords` answers: numbers and booleans as such, dates with milliseconds and without a zone. */
export function referenceSetRecords(set: SandboxSet, first: number | null | undefined, after: string | null | undefined) {
  const nodes = [...set.records.values()].map((record) => ({
    attributes: set.attributes.map(({ name, type }) => ({ name, type, value: scalar(record.get(name) ?? null, type) })),
  }));
  return { totalCount: nodes.length, ...page(nodes, first, after, 1000) };
}

function page<T>(nodes: readonly T[], first: number | null | undefined, after: string | null | undefined, most: number) {
  const start = after ? Number(after) : 0;
  const end = Math.min(start + Math.min(first ?? most, most), nodes.length);
  return { nodes: nodes.slice(start, end), pageInfo: { hasNextPage: end < nodes.length, endCursor: String(end) } };
}

function scalar(cell: string | null, type: AttributeType): string | number | boolean | null {
  if (cell === null) return null;
  if (type === "NUMBER") return Number(cell);
  if (type === "BOOLEAN") return cell === "TRUE";
  const [, day, time] = (type === "DATE" && /^(\d{4}-\d\d-\d\d)(?:T(.{8})Z)?$/.exec(cell)) || [];
  return day === undefined ? cell : `${day} ${time ?? "00:00:00"}.000`;
}
