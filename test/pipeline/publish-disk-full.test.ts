/** The disk is full while a copy is published: the version before stays whole, and a publish with more room has all. */
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { failureOf } from "../helpers/errors.ts";
import { some } from "../helpers/often.ts";
import { asScratch, currentOf, filesBelow, publishScratch } from "../helpers/published.ts";
import { MAY_NOT_MOUNT, smallDisk } from "../helpers/small-disk.ts";
import { csv, memoryFile, pageView, scratchWarehouse } from "../helpers/warehouse.ts";

const KIB = 1024;
/** Texts that no compression makes small. */
const views = (first: number) =>
  Array.from({ length: 400 }, (_, index) => {
    const text = Array.from({ length: 60 }, (_, part) => Math.abs(Math.sin(first * 1000 + index * 60 + part)).toString(36)).join("");
    return pageView(`${first}-${index}`, text);
  });

// With so little room the table, the databases, or the manifest of the version has none.
test.for(some([100, 500, 900, 20], 2))("with room for %i KiB", { tags: "long" }, async (room, { skip }) => {
  const disk = smallDisk("16m") ?? skip(MAY_NOT_MOUNT);
  const to = join(disk, "copy");
  const scratch = await scratchWarehouse();
  await scratch.load([memoryFile("a.csv", 1, csv(views(1)))]);
  await publishScratch(scratch, to);
  const before = [...filesBelow(to)];
  await scratch.load([memoryFile("b.csv", 2, csv(views(2)))]);
  const ballast = join(disk, "ballast");
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(ballast, Buffer.alloc(bavail * bsize - room * KIB, 1));

  expect(await failureOf(publishScratch(scratch, to))).toMatchObject({
    code: "disk_full",
    message: `there is no room left on the disk of ${to}`,
    hint: expect.stringContaining("What was published before is as it was.") as string,
  });
  expect(currentOf(to)).toBe("versions/1");
  const now = filesBelow(to);
  for (const [path, identity] of before) if (path !== ".publishing") expect([path, now.get(path)]).toEqual([path, identity]);
  expect([...now.keys()].filter((path) => path.includes("unfinished") || path.startsWith("versions/2"))).toEqual([]);
  const copy = await asScratch(join(to, "current/signals.duckdb"));
  expect(await copy.value("SELECT count(*)::INTEGER FROM page_views")).toBe(400);

  rmSync(ballast);
  await publishScratch(scratch, to);
  expect(await (await asScratch(join(to, "current/signals.duckdb"))).value("SELECT count(*)::INTEGER FROM page_views")).toBe(800);
});
