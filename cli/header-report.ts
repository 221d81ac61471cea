/** What the header rows of loaded files had that one should know: contact columns that are new, who a contact is by them, names that stand twice, header rows in the middle. */
import type { FileResult } from "../pipeline/load/load-files.ts";
import { chosenLines, keysDocument } from "./contact-keys.ts";
import { count } from "./format.ts";

type Loaded = Exclude<FileResult, { status: "failed" }>;

/** For the JSON document. */
export const headerDocument = ({ newColumns, keys, repeatedNames, laterHeaders }: Loaded) => ({
  new_columns: newColumns,
  ...(keys ? { contact_keys: keysDocument(keys) } : {}),
  repeated_names: repeatedNames,
  later_headers: laterHeaders,
});

/** In lines, none where there is nothing to know. */
export function headerLines(files: readonly Loaded[]): string[] {
  return files.flatMap((file) => [...columnLines(file), ...keysLines(file), ...repeatedLines(file, true), ...laterLines(file)]);
}

/** Names that stand twice, and nothing tells which is which: values may be in the wrong column. */
export const undecidedLines = (files: readonly Loaded[]): string[] => files.flatMap((file) => repeatedLines(file, false));

/** Names beyond this many are not told one by one. */
const MOST = 20;

function columnLines({ path, newColumns }: Loaded): string[] {
  if (newColumns.length === 0) return [];
  const named = newColumns.slice(0, MOST).map(({ column, header, like }) => {
    if (!like) return `${column} (${JSON.stringify(header)})`;
    const how = like.header === header ? "has the name of" : "differs only in spelling from";
    return `${column} (${JSON.stringify(header)}, which ${how} ${JSON.stringify(like.header)}, column ${like.column})`;
  });
  const more = newColumns.length > MOST ? `, and ${newColumns.length - MOST} more: see signalhouse.schema_changes` : "";
  return [`${path}: ${count(newColumns.length, "new contact column")}: ${named.join(", ")}${more}`];
}

const keysLines = ({ path, keys }: Loaded): string[] => (keys ? chosenLines(keys).map((line) => `${path}: ${line}`) : []);

function repeatedLines({ path, repeatedNames }: Loaded, decided: boolean): string[] {
  return repeatedNames.flatMap(({ header, place, others, ...name }) => {
    if (name.decided !== decided) return [];
    const contacts = others.map(({ place, column }) => `field ${place} is ${column}`).join(", ");
    const why = decided ? "as the columns beside it say" : "because it comes first: the columns beside do not tell";
    const check = decided ? "" : ". Check it, and rename the contact attribute in Connect";
    return [
      `${path}: ${header} stands ${others.length + 1} times in the header row: field ${place} is taken for the export's own, ${why}; ${contacts}${check}`,
    ];
  });
}

function laterLines({ path, laterHeaders }: Loaded): string[] {
  const [first, ...more] = laterHeaders;
  if (!first) return [];
  const others = more.length > 0 ? `, and ${more.length} more further down: each` : ": it";
  return [`${path}: a header row with other columns stands behind record ${first.after}${others} holds for the records behind it`];
}
