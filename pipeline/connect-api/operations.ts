/**
 * The GraphQL documents that Connect is sent. Arguments stand in the document, as in the vendor's examples: the names of the input types, which
 * variables would need, are on no page. Source: vendor page "Export signals from Connect".
 */
import type { ExportPlace, ExportRequest } from "../../schemas/connect.ts";

/** JSON's escapes are GraphQL's. Half a surrogate pair is text in neither: through UTF-8 it becomes U+FFFD. */
const text = (value: string) => JSON.stringify(Buffer.from(value).toString());

/** `exportSignals`, which makes a job. */
export function exportSignalsDocument({ jobName, signalTypes, timestampStart, timestampEnd, place, notify }: ExportRequest): string {
  const target = place && placeFields(place);
  const recipients = (notify ?? []).map((address) => `{ channel: EMAIL, destination: ${text(address)} }`);
  return `mutation {
  exportSignals(
    jobName: ${text(jobName)}
    export: { signals: {
      signalTypes: [${signalTypes.map(text).join(", ")}]
      timestampStart: ${text(timestampStart)}
      timestampEnd: ${text(timestampEnd)}
    } }${target ? `\n    to: { sftp: { ${target} } }` : ""}${recipients.length > 0 ? `\n    notifications: [${recipients.join(", ")}]` : ""}
  ) { dataJobId path fileFormat }
}`;
}

function placeFields(place: ExportPlace): string {
  return Object.entries(place)
    .map(([name, value]: [string, string]) => `${name}: ${text(value)}`)
    .join(", ");
}

/** `dataJob`, which tells how a job goes. It is on no page of the vendor, but was seen to work. */
export const dataJobDocument = (id: string): string => `query { dataJob(id: ${text(id)}) { status endedAt errors { code message } } }`;

/** `updatePublicKeyForConnectUser`, which replaces the key of the API key's user. */
export const registerKeyDocument = (publicKey: string): string =>
  `mutation updatePublicKey { updatePublicKeyForConnectUser(publicKey: ${text(publicKey)}) { publicKey } }`;

/** `createImportJob`, with its input as a variable, as on the vendor's page "Create a reference set". */
export const CREATE_IMPORT_DOCUMENT = `mutation ($importInput: ImportInput!) {
  createImportJob(importInput: $importInput) {
    id
  }
}`;

/** The data sets of the subscription, a page at a time: those of all types, for a name can be taken by any. */
export const dataSetsDocument = (after: string | undefined): string => `query {
  dataSets(first: 50${after === undefined ? "" : `, after: ${text(after)}`}) {
    nodes { dataSetId name type size attributes { name type identifyAs { key } } }
    pageInfo { hasNextPage endCursor }
  }
}`;

/** The first rows of a reference set. */
export const recordsDocument = (id: string, first: number): string =>
  `query { referenceSetRecords(dataSetId: ${text(id)}, first: ${first}) { totalCount nodes { attributes { name value } } } }`;

/** A query that every GraphQL server answers. */
export const PING_DOCUMENT = "query { __typename }";
