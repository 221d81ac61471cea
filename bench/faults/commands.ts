/** The commands that things go wrong with: how each is run, gone on with and finished, and what must be so in the end. */
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateWindow } from "../../samples/generator/window.ts";
import type { Random } from "../../samples/generator/random.ts";
import type { Truth } from "../../samples/generator/truth.ts";
import { LISTED_TYPES } from "../../schemas/signal-types.ts";
import { openJobs, published, writtenJobs, wrongInWarehouse } from "./check.ts";
import type { Edge } from "./kinds.ts";
import { onServer, type Place, SHOP } from "./place.ts";

interface Work {
  /** The words of the next run that is disturbed. */
  words(): Promise<readonly string[]> | readonly string[];
  /** Those of the one that is not, after which all must be well; by default the same. */
  last?(): Promise<readonly string[]> | readonly string[];
  /** What is wrong after any run, however it ended. */
  wrongMeanwhile?(): Promise<string[]>;
  /** What is wrong after the last run. */
  wrong(): Promise<string[]>;
}

export interface Command {
  edges: readonly Edge[];
  /** It goes on until it is ended. */
  stays?: true;
  /** Makes what it needs; nothing is wrong yet. */
  prepare(place: Place, random: Random): Promise<Work> | Work;
}

const READERS = ["row", "vector"] as const;

/** The files as the ledger must have them. */
const filesOf = ({ truth, files }: Place) =>
  truth.files.map(({ path, mtime }, index) => ({ path, size: statSync(files[index] as string).size, mtime: Date.parse(mtime) }));

/** Commands whose work are the files on the server. */
function loading(words: readonly string[], last: readonly string[] = words) {
  return (place: Place): Work => ({ words: () => words, last: () => last, wrong: () => wrongInWarehouse(place, place.truth, filesOf(place)) });
}

const DAY = 86_400_000;
const FIRST = Date.UTC(2024, 2, 1);
const dayText = (time: number) => new Date(time).toISOString().slice(0, 10);

/** What the shop has of so many days. */
const shopTruth = (place: Place, days: number): Promise<Truth> =>
  generateWindow({ ...SHOP, signalTypes: LISTED_TYPES, start: FIRST, end: FIRST + days * DAY - 1, out: join(place.folder, "truth.csv.gz") });

/** Windows that Connect was asked for more than once, though nothing was wrong with the first. */
function askedTwice({ api }: Place): string[] {
  const times = new Map<string, number>();
  for (const { request } of api.jobs) {
    const { signalTypes, timestampStart, timestampEnd } = request.export.signals;
    const window = JSON.stringify([signalTypes, timestampStart, timestampEnd]);
    times.set(window, (times.get(window) ?? 0) + 1);
  }
  return [...times].flatMap(([window, count]) => (count > 1 ? [`Connect was asked ${count} times for ${window}`] : []));
}

/** Exports that are asked for over the API, of so many days. */
function asking(days: number, words: (place: Place) => readonly string[] | Promise<readonly string[]>) {
  return (place: Place): Work => ({
    words: () => words(place),
    wrong: async () => [...(await wrongInWarehouse(place, await shopTruth(place, days))), ...(await openJobs(place)), ...askedTwice(place)],
  });
}

const SPAN = (days: number) => ["--types", "all", "--from", dayText(FIRST), "--to", dayText(FIRST + (days - 1) * DAY)];

/** As the command says it itself: asked anew only where nothing is under way. */
async function exportWords(place: Place): Promise<readonly string[]> {
  const isWritten = (await writtenJobs(place)).some(({ status }) => status !== "failed");
  return isWritten ? ["export", "--resume", "--sync"] : ["export", ...SPAN(1), "--sync"];
}

async function run(place: Place, words: readonly string[]): Promise<void> {
  const end = await place.start(words).ended;
  if (end !== 0) throw new Error(`undisturbed, ${words.join(" ")} ended with ${end}; see ${place.log}`);
}

function pushing(place: Place, random: Random): Work {
  const rows = new Map(Array.from({ length: random.int(1, 3000) }, (_, index) => [`k${index}`, String(random.int(0, 1_000_000))]));
  const file = join(place.folder, "people.csv");
  writeFileSync(file, `id,name\n${[...rows].map(([id, name]) => `${id},${name}\n`).join("")}`);
  return {
    words: () => ["refset", "push", "People", "--from", file, "--key", "id", "--types", '{"name":"TEXT"}', "--changed", "--wait"],
    async wrong() {
      await place.api.idle();
      const wrong = await openJobs(place);
      const names = place.api.sets.map(({ name }) => name);
      if (names.join() !== "People") wrong.push(`Connect has the reference sets ${names.join()}`);
      const records = place.api.sets[0]?.records ?? new Map<string, Map<string, string | null>>();
      if (records.size !== rows.size) wrong.push(`the set has ${records.size} rows, expected ${rows.size}`);
      for (const [id, name] of rows) if (records.get(id)?.get("name") !== name) wrong.push(`the row ${id} is not as it was sent`);
      const done = place.api.imports.filter(({ status }) => status === "COMPLETED").length;
      if (done !== 1) wrong.push(`${done} imports were done`);
      const known = new Set(place.truth.files.map(({ path }) => path));
      return [...wrong.slice(0, 10), ...onServer(place).flatMap((path) => (known.has(path) ? [] : [`${path} is left on the server`]))];
    },
  };
}

async function publishing(place: Place): Promise<Work> {
  const [first = "", ...others] = place.files;
  const copy = join(place.folder, "copy");
  await run(place, ["load", first]);
  await run(place, ["publish", "--to", copy]);
  await run(place, ["load", ...others]);
  const before = await published(copy);
  const after = { signals: place.truth.signals, orders: place.truth.sums["order_value"] };
  const wrongOf = async (allowed: readonly unknown[]) => {
    const found = JSON.stringify(await published(copy));
    return allowed.some((one) => JSON.stringify(one) === found) ? [] : [`the copy has ${found}, expected ${JSON.stringify(allowed)}`];
  };
  return {
    words: () => ["publish", "--to", copy],
    wrongMeanwhile: () => wrongOf([before, after]),
    wrong: async () => [...(await wrongOf([after])), ...(await wrongInWarehouse(place, place.truth))],
  };
}

export const COMMANDS: Record<string, Command> = {
  ...Object.fromEntries(
    READERS.flatMap((reader): [string, Command][] => [
      [`sync --reader ${reader}`, { edges: ["SFTP", "files"], prepare: loading(["sync", "--reader", reader]) }],
      [
        `load --reader ${reader}`,
        {
          edges: ["files"],
          prepare: (place) => ({ words: () => ["load", ...place.files, "--reader", reader], wrong: () => wrongInWarehouse(place, place.truth) }),
        },
      ],
    ]),
  ),
  "export --sync": { edges: ["SFTP", "API"], prepare: asking(1, exportWords) },
  "backfill run": { edges: ["SFTP", "API"], prepare: asking(3, () => ["backfill", "run", ...SPAN(3), "--once"]) },
  "refset push": { edges: ["SFTP", "API"], prepare: pushing },
  publish: { edges: [], prepare: publishing },
  watch: { edges: ["SFTP", "files"], stays: true, prepare: loading(["watch", "--every", "1s", "--health", "health.json"], ["sync"]) },
};
