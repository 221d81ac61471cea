/** The documents that Connect is sent, against the examples of the vendor's page "Export signals from Connect". */
import fc from "fast-check";
import { type DocumentNode, parse } from "graphql";
import { expect, test } from "vitest";
import {
  CREATE_IMPORT_DOCUMENT,
  dataJobDocument,
  dataSetsDocument,
  exportSignalsDocument,
  recordsDocument,
  PING_DOCUMENT,
  registerKeyDocument,
} from "../../../pipeline/connect-api/operations.ts";
import type { ExportRequest } from "../../../schemas/connect.ts";

const read = (text: string): DocumentNode => parse(text, { noLocation: true });

test.each<[string, ExportRequest, string]>([
  [
    "the basic structure",
    {
      jobName: "July Email Engagement Export",
      signalTypes: ["emailOpen", "emailClick", "emailDelivery"],
      timestampStart: "2025-07-01T00:00:00.000Z",
      timestampEnd: "2025-07-31T23:59:59.999Z",
      notify: ["data-team@example.com"],
    },
    `mutation { exportSignals(
      jobName: "July Email Engagement Export"
      export: { signals: {
        signalTypes: ["emailOpen", "emailClick", "emailDelivery"]
        timestampStart: "2025-07-01T00:00:00.000Z"
        timestampEnd: "2025-07-31T23:59:59.999Z"
      } }
      notifications: [{ channel: EMAIL, destination: "data-team@example.com" }]
    ) { dataJobId path fileFormat } }`,
  ],
  [
    "all SMS signals, by path",
    {
      jobName: "SMS Signals - Q3 2025",
      signalTypes: ["smsSend", "smsDelivery", "smsFailure", "smsClick"],
      timestampStart: "2025-07-01T00:00:00.000Z",
      timestampEnd: "2025-09-30T23:59:59.999Z",
      place: { path: "SMS_Reports/Q3_2025/SMS_Signals_Export.csv" },
    },
    `mutation { exportSignals(
      jobName: "SMS Signals - Q3 2025"
      export: { signals: {
        signalTypes: ["smsSend", "smsDelivery", "smsFailure", "smsClick"]
        timestampStart: "2025-07-01T00:00:00.000Z"
        timestampEnd: "2025-09-30T23:59:59.999Z"
      } }
      to: { sftp: { path: "SMS_Reports/Q3_2025/SMS_Signals_Export.csv" } }
    ) { dataJobId path fileFormat } }`,
  ],
  [
    "the shopping funnel, by folder and prefix",
    {
      jobName: "Shopping Funnel Analysis - August 2025",
      signalTypes: ["addToCart", "cartAbandonment", "browseAbandonment", "order"],
      timestampStart: "2025-08-01T00:00:00.000Z",
      timestampEnd: "2025-08-31T23:59:59.999Z",
      place: { parentFolder: "Export/Signals/Shopping_Funnel", namingPrefix: "August_2025_" },
      notify: ["data-team@example.com"],
    },
    `mutation { exportSignals(
      jobName: "Shopping Funnel Analysis - August 2025"
      export: { signals: {
        signalTypes: ["addToCart", "cartAbandonment", "browseAbandonment", "order"]
        timestampStart: "2025-08-01T00:00:00.000Z"
        timestampEnd: "2025-08-31T23:59:59.999Z"
      } }
      to: { sftp: { parentFolder: "Export/Signals/Shopping_Funnel" namingPrefix: "August_2025_" } }
      notifications: [{ channel: EMAIL, destination: "data-team@example.com" }]
    ) { dataJobId path fileFormat } }`,
  ],
  [
    "product engagement, by path",
    {
      jobName: "Product Engagement Q3 2025",
      signalTypes: ["productView", "productConfiguration", "richMediaInteraction", "onSiteSearch"],
      timestampStart: "2025-07-01T00:00:00.000Z",
      timestampEnd: "2025-09-30T23:59:59.999Z",
      place: { path: "Behavior_Signals/Product_Engagement/Q3_2025_Export.csv" },
    },
    `mutation { exportSignals(
      jobName: "Product Engagement Q3 2025"
      export: { signals: {
        signalTypes: ["productView", "productConfiguration", "richMediaInteraction", "onSiteSearch"]
        timestampStart: "2025-07-01T00:00:00.000Z"
        timestampEnd: "2025-09-30T23:59:59.999Z"
      } }
      to: { sftp: { path: "Behavior_Signals/Product_Engagement/Q3_2025_Export.csv" } }
    ) { dataJobId path fileFormat } }`,
  ],
])("%s", (_, request, document) => expect(read(exportSignalsDocument(request))).toEqual(read(document)));

test("registering a key", () => {
  expect(read(registerKeyDocument("ssh-ed25519 AAAA ana"))).toEqual(
    read('mutation updatePublicKey { updatePublicKeyForConnectUser(publicKey: "ssh-ed25519 AAAA ana") { publicKey } }'),
  );
});

test("the others are GraphQL", () => {
  expect(() => read(PING_DOCUMENT)).not.toThrow();
  expect(read(dataJobDocument("j1"))).toEqual(read('query { dataJob(id: "j1") { status endedAt errors { code message } } }'));
});

test("any text arrives as it is, whatever quotes and braces it has", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (jobName) => {
      const document = read(
        exportSignalsDocument({
          jobName,
          signalTypes: ["order"],
          timestampStart: "2025-07-01T00:00:00.000Z",
          timestampEnd: "2025-07-02T00:00:00.000Z",
        }),
      );
      expect(document.definitions).toHaveLength(1);
      expect(JSON.stringify(document)).toContain(
        `"name":{"kind":"Name","value":"jobName"},"value":{"kind":"StringValue","value":${JSON.stringify(jobName)}`,
      );
    }),
  );
});

test('createImportJob is sent as on the page "Create a reference set", letter by letter', () => {
  expect(CREATE_IMPORT_DOCUMENT).toBe(`mutation ($importInput: ImportInput!) {
  createImportJob(importInput: $importInput) {
    id
  }
}`);
});

test("data sets and records are asked for by page and id, whatever stands in them", () => {
  const nasty = 'a" } \\ \n';
  expect(read(dataSetsDocument(nasty))).toEqual(
    read(`{ dataSets(first: 50, after: ${JSON.stringify(nasty)}) {
      nodes { dataSetId name type size attributes { name type identifyAs { key } } } pageInfo { hasNextPage endCursor } } }`),
  );
  expect(read(dataSetsDocument(undefined))).not.toEqual(read(dataSetsDocument("1")));
  expect(read(recordsDocument(nasty, 3))).toEqual(
    read(`{ referenceSetRecords(dataSetId: ${JSON.stringify(nasty)}, first: 3) { totalCount nodes { attributes { name value } } } }`),
  );
});
