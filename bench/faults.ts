/**
 * `npm run faults -- --rounds N --seed S`: commands to which something happens. In each round one of them is run once to three times while something goes wrong, and then once while
 * all is well; after that everything must be as if nothing had happened: nothing lost, nothing there twice, every sum exact, no file left, no job asked for twice. What is not is told, and
 * ends this with 1.
 *
 * --rounds (50) · --seed (1) what goes wrong · --first (1) the round to begin with: --first 17 --rounds 1 is one that found something · --only TEXT rounds whose command, or fault, has it
 * in its name · --minutes M no further round is begun after so long. The folder of a round that found something stays.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Random } from "../samples/generator/random.ts";
import { leftOf } from "./faults/check.ts";
import { COMMANDS } from "./faults/commands.ts";
import { type Fault, FAULTS } from "./faults/kinds.ts";
import { type Place, startPlace } from "./faults/place.ts";
import { unmount } from "./faults/small-disk.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "50" },
    seed: { type: "string", default: "1" },
    first: { type: "string", default: "1" },
    only: { type: "string", default: "" },
    minutes: { type: "string", default: "Infinity" },
  },
});
const [ROUNDS, SEED, FIRST, MINUTES] = [values.rounds, values.seed, values.first, values.minutes].map(Number) as [number, number, number, number];
/** Rounds at the same time: they wait more than they work. */
const AT_ONCE = 2;
/** How a command may end to which something happened. */
const ENDS: readonly (number | string)[] = [0, 1, 130];

interface Tally {
  rounds: number;
  runs: number;
  faults: Map<string, { times: number; met: number }>;
  /** By command. */
  commands: Map<string, { rounds: number; runs: number; ended: Map<number | string, number>; found: number }>;
  found: string[];
}

/** In the order of their names. */
const byName = <K extends number | string, T>(map: ReadonlyMap<K, T>): [K, T][] =>
  [...map].toSorted(([one], [other]) => String(one).localeCompare(String(other), "en"));

const tally: Tally = { rounds: 0, runs: 0, faults: new Map(), commands: new Map(), found: [] };
const open = new Set<Place>();

/** What a round does, by its number alone. */
function planOf(round: number) {
  const random = new Random(SEED, "faults", round);
  const name = random.pick(Object.keys(COMMANDS));
  const command = COMMANDS[name];
  if (!command) throw new Error(`there is no command ${name}`);
  const suits = ({ edge }: Fault) => edge === undefined || command.edges.includes(edge);
  const kinds = Object.keys(FAULTS).filter((kind) => suits(FAULTS[kind] as Fault));
  return { random, name, command, kinds: Array.from({ length: random.int(1, 3) }, () => random.pick(kinds)) };
}

async function runRound(round: number, { random, name, command, kinds }: ReturnType<typeof planOf>): Promise<void> {
  const place = await startPlace(mkdtempSync(join(tmpdir(), "signalhouse-faults-")), random.int(1, 1_000_000));
  open.add(place);
  const found: string[] = [];
  const counts = tally.commands.get(name) ?? { rounds: 0, runs: 0, ended: new Map<number | string, number>(), found: 0 };
  tally.commands.set(name, counts);
  try {
    const work = await command.prepare(place, random);
    for (const kind of kinds) {
      const fault = FAULTS[kind] as Fault;
      if (fault.needs && !place.has.has(fault.needs)) continue;
      const words = await work.words();
      const { ends, met } = await fault.run({
        place,
        random,
        start(surroundings) {
          const run = place.start(words, surroundings);
          if (command.stays) void Promise.race([wait(random.int(1500, 4000)), run.ended]).then(() => run.child.kill("SIGTERM"));
          return run;
        },
      });
      const times = tally.faults.get(kind) ?? { times: 0, met: 0 };
      tally.faults.set(kind, { times: times.times + 1, met: times.met + (met ? 1 : 0) });
      for (const end of ends) {
        counts.runs += 1;
        counts.ended.set(end, (counts.ended.get(end) ?? 0) + 1);
        const may = [...ENDS, ...(fault.ends ?? []), ...(command.stays ? ["SIGTERM"] : [])];
        if (!may.includes(end)) found.push(`${kind}: it ended with ${end}`);
      }
      for (const wrong of (await work.wrongMeanwhile?.()) ?? []) found.push(`${kind}: ${wrong}`);
    }
    const end = await place.start(await (work.last?.() ?? work.words())).ended;
    if (end !== 0) found.push(`when all was well, it ended with ${end}`);
    found.push(...(await work.wrong()), ...(await leftOf(place)));
    const said = readFileSync(place.log, "utf8");
    if (/\[bug\]|this is a bug|Please report/i.test(said)) found.push("it takes something for a bug of its own");
    if (said.includes(place.api.key)) found.push("the API key is in the log");
  } catch (error) {
    found.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    // The disk goes, and what was found is looked at there.
    if (found.length > 0) cpSync(place.home, join(place.folder, "found"), { recursive: true });
    await place.close();
    open.delete(place);
  }
  counts.rounds += 1;
  counts.found += found.length;
  tally.rounds += 1;
  if (found.length === 0) return rmSync(place.folder, { recursive: true });
  for (const one of found) {
    const line = `round ${round} (${name}: ${kinds.join(", ")}): ${one}; see ${place.log}`;
    tally.found.push(line);
    console.error(`FOUND: ${line}`);
  }
}

// A disk must not outlive this process.
process.once("exit", () => {
  for (const { has, home } of open) if (has.has("disk")) unmount(home);
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const startedAt = performance.now();
const rounds = Array.from({ length: ROUNDS }, (_, index) => FIRST + index).values();
async function goOn(): Promise<void> {
  for (const round of rounds) {
    if (performance.now() - startedAt > MINUTES * 60_000) return;
    const plan = planOf(round);
    if (![plan.name, ...plan.kinds].some((name) => name.includes(values.only))) continue;
    await runRound(round, plan);
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, goOn));

console.table(
  byName(tally.commands).map(([command, { rounds, runs, ended, found }]) => ({
    command,
    rounds,
    "runs with a fault": runs,
    "how they ended": byName(ended)
      .map(([end, times]) => `${end}: ${times}`)
      .join(", "),
    losses: found,
  })),
);
console.table(byName(tally.faults).map(([fault, { times, met }]) => ({ fault, times, met })));
const times = [...tally.faults.values()].reduce((sum, fault) => sum + fault.times, 0);
const kinds = `${tally.faults.size} of ${Object.keys(FAULTS).length} kinds`;
console.log(
  `Seed ${SEED}: ${tally.rounds} rounds in ${Math.round((performance.now() - startedAt) / 1000)} s, ${times} faults of ${kinds}, ${tally.found.length} losses.`,
);
process.exitCode = tally.found.length === 0 ? 0 : 1;
