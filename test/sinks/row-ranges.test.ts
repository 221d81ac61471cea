/** Few ranges that hold all rows: the largest gaps stay open. */
import { expect, test } from "vitest";
import { joined } from "../../sinks/row-ranges.ts";

const range = (first: number, last = first) => ({ first: BigInt(first), last: BigInt(last) });

test.each([
  ["none", [], []],
  ["one", [range(5, 9)], [range(5, 9)]],
  ["near ones are one", [range(5, 9), range(10, 12), range(90_000)], [range(5, 90_000)]],
  ["far ones are not", [range(5, 9), range(1_000_000), range(3_000_000, 3_000_001)], [range(5, 9), range(1_000_000), range(3_000_000, 3_000_001)]],
  [
    "of too many the smallest gaps are closed",
    [range(0), range(5_000_000), range(6_000_000), range(20_000_000)],
    [range(0), range(5_000_000, 6_000_000), range(20_000_000)],
  ],
])("%s", (_, ranges, expected) => {
  expect(joined(ranges, 3)).toEqual(expected);
});
