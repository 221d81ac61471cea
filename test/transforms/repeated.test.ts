/** A contact attribute that is called as a fixed column: the columns beside tell which is which. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EXPORT_COLUMNS } from "../../schemas/export-columns.ts";
import { readHeader } from "../../transforms/header.ts";

/** Where the export's own column of a name stands, from 1, and whether that is decided. */
function own(names: string, name: string): [place: number | undefined, decided: boolean | undefined] {
  const found = readHeader(names.split(","), []).repeated.find(({ header }) => header === name);
  return [found?.place, found?.decided];
}

describe("the export's own column", () => {
  test.each<[string, string, string, number]>([
    ["comes behind the attribute", "SIGNAL_TYPE,TIMESTAMP,Email,FREQUENCY,SEGMENT_ID,CAMPAIGN_NAME,FREQUENCY,SEGMENT_ID", "FREQUENCY", 7],
    [
      "comes behind the attribute, and ends the row",
      "SIGNAL_TYPE,TIMESTAMP,Email,FREQUENCY,SEGMENT_ID,CAMPAIGN_NAME,FREQUENCY,SEGMENT_ID",
      "SEGMENT_ID",
      8,
    ],
    ["comes before the attribute", "SIGNAL_TYPE,TIMESTAMP,CAMPAIGN_NAME,FREQUENCY,TAGS,MESSAGE_ID,Email,FREQUENCY", "FREQUENCY", 4],
    [
      "stands where the attribute stands among the campaign's",
      "SIGNAL_TYPE,TIMESTAMP,CAMPAIGN_NAME,FREQUENCY,CAMPAIGN_STATUS,FREQUENCY,SEGMENT_ID",
      "FREQUENCY",
      6,
    ],
    ["stands beside its twin, and a column of its own kind", "SIGNAL_TYPE,TIMESTAMP,Email,CAMPAIGN_ID,CAMPAIGN_ID,CAMPAIGN_NAME", "CAMPAIGN_ID", 5],
    ["stands behind an attribute that begins the row", "FREQUENCY,SIGNAL_TYPE,TIMESTAMP,CAMPAIGN_NAME,FREQUENCY,TAGS", "FREQUENCY", 5],
    [
      "has no attribute between it and the campaign's",
      "SIGNAL_TYPE,TIMESTAMP,CAMPAIGN_NAME,FREQUENCY,SEGMENT_ID,Email,FREQUENCY,SEGMENT_ID",
      "FREQUENCY",
      4,
    ],
    [
      "has no attribute between it and the campaign's, behind another",
      "SIGNAL_TYPE,TIMESTAMP,CAMPAIGN_NAME,FREQUENCY,SEGMENT_ID,Email,FREQUENCY,SEGMENT_ID",
      "SEGMENT_ID",
      5,
    ],
    ["is one of three", "SIGNAL_TYPE,TIMESTAMP,TAGS,Email,TAGS,SEGMENT_ID,TAGS,MESSAGE_ID", "TAGS", 7],
    [
      "is in a run where the other is in one, too",
      "SIGNAL_TYPE,TIMESTAMP,CAMPAIGN_ID,FREQUENCY,MESSAGE_ID,LINK_ID,Email,ENTRY_TYPE,FREQUENCY,SCHEDULED_DATE",
      "FREQUENCY",
      9,
    ],
    ["may be an id", "Email,SIGNAL_ID,Phone,CLASSIFICATION_CODE,MESSAGE_SIGNAL_ID,SIGNAL_ID,SIGNAL_TYPE,TIMESTAMP", "SIGNAL_ID", 6],
    ["may have blanks around it", "SIGNAL_TYPE,TIMESTAMP,Email,FREQUENCY,CAMPAIGN_NAME, FREQUENCY ", "FREQUENCY", 6],
  ])("%s", (_, names, name, place) => {
    expect(own(names, name)).toEqual([place, true]);
  });

  test.each<[string, string, string]>([
    ["side by side", "SIGNAL_TYPE,TIMESTAMP,CAMPAIGN_NAME,FREQUENCY,FREQUENCY,SEGMENT_ID", "FREQUENCY"],
    ["a row that stands twice, side by side", "SIGNAL_ID,SIGNAL_TYPE,TIMESTAMP,SIGNAL_ID,SIGNAL_TYPE,TIMESTAMP", "SIGNAL_TYPE"],
    ["nothing that comes before or behind it", "SIGNAL_TYPE,TIMESTAMP,Email,NAME,Phone,NAME,City", "NAME"],
  ])("is the first where nothing tells them apart: %s", (_, names, name) => {
    expect(own(names, name)).toEqual([names.split(",").indexOf(name) + 1, false]);
  });

  test("is found wherever attributes of any of its names stand in a row in the vendor's order, but beside it", () => {
    const all = Object.keys(EXPORT_COLUMNS);
    const rows = fc
      .tuple(fc.constantFrom(...all), fc.nat(all.length), fc.integer({ min: 0, max: 3 }))
      .filter(([name, at]) => Math.abs(at - all.indexOf(name)) > 1);
    fc.assert(
      fc.property(rows, ([name, at, more]) => {
        const attributes = [...Array.from({ length: more }, (_, number) => `Attribute ${number}`), name];
        const names = [...all.slice(0, at), ...attributes, ...all.slice(at)];
        const place = all.indexOf(name) + 1 + (at <= all.indexOf(name) ? attributes.length : 0);
        expect(own(names.join(","), name)).toEqual([place, true]);
      }),
    );
  });
});

test("the others are contact attributes, told with their columns, and have the same ones wherever they stand", () => {
  const first = readHeader("SIGNAL_TYPE,TIMESTAMP,TAGS,Email,TAGS,SEGMENT_ID,TAGS,MESSAGE_ID".split(","), []);
  expect(first.repeated).toEqual([
    {
      header: "TAGS",
      place: 7,
      others: [
        { place: 3, column: "contact_tags" },
        { place: 5, column: "contact_tags_2" },
      ],
      decided: true,
    },
  ]);
  const second = readHeader("SIGNAL_TYPE,TIMESTAMP,SEGMENT_ID,TAGS,MESSAGE_ID,Email,TAGS".split(","), first.added);
  expect(second.added).toEqual([]);
  expect(second.repeated).toMatchObject([{ place: 4, others: [{ place: 7, column: "contact_tags" }] }]);
});
