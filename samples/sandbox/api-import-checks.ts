/** What Connect demands of an import. Written apart from the client's own checks, which are tested against it. Source: vendor page "Create a reference set". */
import { refuse } from "./api-schema.ts";
import type { AttributeType, SandboxSet } from "./api-sets.ts";

/** `createImportJob`, as the schema lets it through. */
export interface ImportArguments {
  importType: "CREATE" | "ADD_UPDATE" | "REPLACE";
  jobName: string;
  dataSetName?: string | null;
  dataSetType?: "AUDIENCE" | "REFERENCE_SET" | null;
  dataSetId?: string | null;
  attributes?: {
    create?: readonly { name: string; type: AttributeType; identifyAs?: { key?: boolean | null } | null; decimalPrecision?: number | null }[] | null;
    remove?: readonly { name: string }[] | null;
  } | null;
  fileLocation: { type: "SFTP"; filename: string; folder?: string | null };
  delimiter: string;
  skipFirstRow: boolean;
  dateFormat: string;
  mappings: readonly { columnIndex: number; attributeName: string }[];
  notifications?: readonly { channel: "EMAIL"; destination: string }[] | null;
}

const demand = (holds: boolean, otherwise: string): void => {
  if (!holds) throw refuse("INPUT_VALIDATION_FAILED", `INPUT_VALIDATION_FAILED. ${otherwise}`);
};

/** @returns the set that is there already; not for CREATE. @throws GraphQLError INPUT_VALIDATION_FAILED */
export function checkImport(input: ImportArguments, sets: readonly SandboxSet[], maxSets: number): SandboxSet | undefined {
  const { importType, dataSetName, dataSetType, dataSetId, attributes, delimiter, fileLocation, mappings, notifications, jobName } = input;
  demand([",", "\t", "|"].includes(delimiter), "Invalid delimiter. Only the delimiters comma(,), tab(\\t), or pipe(|) are allowed.");
  demand(jobName.trim() !== "", "jobName is empty");
  demand(fileLocation.filename !== "" && !fileLocation.filename.includes("/"), "filename is not a file's name");
  for (const { destination } of notifications ?? []) demand(/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(destination), `"${destination}" is no e-mail address`);
  const create = attributes?.create ?? [];
  for (const { name, type, decimalPrecision } of create) {
    const holds = decimalPrecision === undefined || decimalPrecision === null || (type === "NUMBER" && decimalPrecision >= 0);
    demand(holds, `decimalPrecision of "${name}" is not allowed`);
  }
  const keys = create.filter(({ identifyAs }) => identifyAs?.key);
  const set = importType === "CREATE" ? undefined : sets.find(({ id }) => id === dataSetId);
  if (importType === "CREATE") {
    demand(dataSetType === "REFERENCE_SET", "dataSetType must be REFERENCE_SET");
    demand(/^[A-Za-z0-9_-]{1,25}$/.test(dataSetName ?? ""), "dataSetName is not allowed");
    demand(!dataSetId, "dataSetId must not be supplied with CREATE");
    demand(!sets.some(({ name }) => name === dataSetName), `there is a data set "${dataSetName}" already`);
    demand(sets.length < maxSets, `there are ${sets.length} reference sets already`);
    demand(keys.length === 1, "exactly one attribute must be the key");
  } else {
    demand(!dataSetName && !dataSetType, `dataSetName and dataSetType must not be supplied with ${importType}`);
    demand(set !== undefined, `there is no data set "${dataSetId}"`);
    demand(keys.length === 0, "the key cannot be changed");
    if (importType === "REPLACE") demand(!attributes, "attributes must not be supplied with REPLACE");
  }
  const removed = (attributes?.remove ?? []).map(({ name }) => name);
  const names = [...(set?.attributes ?? []).map(({ name }) => name).filter((name) => !removed.includes(name)), ...create.map(({ name }) => name)];
  demand(new Set(names).size === names.length, "an attribute is there twice");
  checkMappings(mappings, names, keys[0]?.name ?? set?.attributes.find(({ isKey }) => isKey)?.name);
  if (importType === "REPLACE") demand(mappings.length === names.length, "REPLACE must map all attributes");
  return set;
}

function checkMappings(mappings: ImportArguments["mappings"], names: readonly string[], key: string | undefined): void {
  const mapped = mappings.map(({ attributeName }) => attributeName);
  const indexes = mappings.map(({ columnIndex }) => columnIndex);
  const unknown = mapped.find((name) => !names.includes(name));
  demand(unknown === undefined, `mappings name the attribute "${unknown}", which is not there`);
  demand(new Set(mapped).size === mapped.length && new Set(indexes).size === indexes.length, "mappings have an attribute or a column twice");
  demand(
    indexes.every((index) => index >= 1),
    "columnIndex begins at 1",
  );
  demand(key !== undefined && mapped.includes(key), "the key must be mapped");
}
