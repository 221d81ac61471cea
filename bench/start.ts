/** How long a command takes that has next to nothing to do: finding and reading code, opening the warehouse, closing it. */
import { execFile } from "node:child_process";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { OTHER, removeWarehouse, standardFile } from "./load.ts";
import { inTurn, median } from "./median.ts";

const ROUNDS = 11;
const NODE = process.env["BENCH_NODE"] ?? process.execPath;

export interface StartRow {
  command: string;
  node: string;
  seconds: number;
  "the version before"?: number | "";
}

export async function benchStart(folder: string): Promise<StartRow[]> {
  const versions = [fileURLToPath(new URL("../cli/main.js", import.meta.url)), ...(OTHER === undefined ? [] : [join(OTHER, "dist/cli/main.js")])];
  const commands = await commandsOf(folder);
  const runs = versions.flatMap((main, index) =>
    Object.entries(commands).map(([name, { prepare, args }]) => {
      return [
        `${name} ${index}`,
        async () => {
          await prepare?.();
          return seconds([main, ...args]);
        },
      ] as const;
    }),
  );
  const taken = await inTurn({ nothing: () => seconds(["-e", "0"]), ...Object.fromEntries(runs) }, ROUNDS);
  const figure = (name: string) => Math.round(median(taken.get(name) ?? []) * 1000) / 1000;
  const node = (await promisify(execFile)(NODE, ["--version"])).stdout.trim();
  return [
    { command: "node -e 0", node, seconds: figure("nothing"), ...(OTHER === undefined ? {} : { "the version before": "" as const }) },
    ...Object.keys(commands).map((name) => ({
      command: name,
      node,
      seconds: figure(`${name} 0`),
      ...(OTHER === undefined ? {} : { "the version before": figure(`${name} 1`) }),
    })),
  ];
}

interface Command {
  args: string[];
  /** What has to be done before each time. */
  prepare?: () => Promise<void>;
}

async function commandsOf(folder: string): Promise<Record<string, Command>> {
  const [file, other] = [await standardFile(folder, 1), await standardFile(folder, 1, 2)];
  const [first, changing, fresh] = ["start.duckdb", "start-changing.duckdb", "start-new.duckdb"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const load = (warehouse: string, export_: string) => ["load", "--quiet", "--warehouse", warehouse, export_];
  await removeWarehouse(first);
  await seconds([fileURLToPath(new URL("../cli/main.js", import.meta.url)), ...load(first, file)]);
  return {
    "--help": { args: ["--help"] },
    status: { args: ["status", "--warehouse", first] },
    "load, into a warehouse": {
      args: load(changing, other),
      async prepare() {
        await removeWarehouse(changing);
        await copyFile(first, changing);
      },
    },
    "load, into a new warehouse": { args: load(fresh, file), prepare: () => removeWarehouse(fresh) },
  };
}

/** Runs Node to its end. */
async function seconds(args: string[]): Promise<number> {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  const start = performance.now();
  await promisify(execFile)(NODE, args, { env });
  return (performance.now() - start) / 1000;
}
