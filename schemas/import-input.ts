/** What Connect is asked for an import of a reference set. Source: vendor page "Create a reference set". */
import {
  type Attribute,
  type AttributeType,
  DATE_FORMATS,
  type DateFormat,
  type DelimiterName,
  DELIMITERS,
  type ImportMode,
  type KnownSet,
} from "./reference-set.ts";

/** The variable of `createImportJob`. */
export interface ImportInput {
  dataSetName?: string;
  dataSetType?: "REFERENCE_SET";
  dataSetId?: string;
  attributes?: { create: { name: string; type: AttributeType; identifyAs?: { key: true }; decimalPrecision?: number }[] };
  jobName: string;
  importType: ImportMode;
  fileFormat: "DELIMITED";
  delimiter: string;
  dateFormat?: string;
  fileLocation: { type: "SFTP"; filename: string; folder: string };
  skipFirstRow: boolean;
  mappings: { columnIndex: number; attributeName: string }[];
  notifications?: { channel: "EMAIL"; destination: string }[];
}

export interface ImportPlan {
  mode: ImportMode;
  set: string;
  /** The set as Connect has it; not for CREATE. */
  known: KnownSet | undefined;
  attributes: readonly Attribute[];
  jobName: string;
  delimiter: DelimiterName;
  dateFormat: DateFormat;
  header: boolean;
  folder: string;
  fileName: string;
  notify: readonly string[];
}

/** What Connect is asked. The columns of the file are the attributes, in their order; Connect counts them from 1. */
export function importInput(plan: ImportPlan): ImportInput {
  const { mode, set, known, attributes, jobName, delimiter, dateFormat, header, folder, fileName, notify } = plan;
  const missing = attributes.filter(({ name }) => !known?.attributes.some((there) => there.name === name));
  const create = missing.map(({ name, type, isKey, decimals }) => ({
    name,
    type,
    ...(isKey ? { identifyAs: { key: true } as const } : {}),
    ...(decimals === undefined ? {} : { decimalPrecision: decimals }),
  }));
  return {
    ...(known ? { dataSetId: known.id } : { dataSetName: set, dataSetType: "REFERENCE_SET" as const }),
    ...(create.length > 0 && mode !== "REPLACE" ? { attributes: { create } } : {}),
    jobName,
    importType: mode,
    fileFormat: "DELIMITED",
    delimiter: DELIMITERS[delimiter],
    ...(attributes.some(({ type }) => type === "DATE") ? { dateFormat: DATE_FORMATS[dateFormat].connect } : {}),
    fileLocation: { type: "SFTP", filename: fileName, folder },
    skipFirstRow: header,
    mappings: attributes.map(({ name }, index) => ({ columnIndex: index + 1, attributeName: name })),
    ...(notify.length > 0 ? { notifications: notify.map((destination) => ({ channel: "EMAIL" as const, destination })) } : {}),
  };
}
