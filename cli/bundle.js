/**
 * Makes dist/cli: the command line in a few files, with the packages that it uses, for Node takes longer to find and read some hundred small files than to run them. What a command does
 * not need is in other files, by the `import()`s of cli/commands.ts. Names stay, so that a stack trace reads like the sources. The library, dist/pipeline, is as tsc makes it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "rolldown";

/** Packages with machine code stay where npm has put them: dependencies of ours, since not every package manager lets us see those of our dependencies. */
const NATIVE = ["@duckdb/node-bindings", "ssh2"];

/** What sources require, because it is CommonJS, is a part of the files, too. */
const required = { name: "required", transform: (code) => code.replace("createRequire(import.meta.url)(", "require(") };

/** linkedom looks for a package with machine code that draws, and has a stand-in where there is none: charts are drawn without. */
const undrawn = { name: "undrawn", transform: (code) => code.replace("require('canvas')", "require('./canvas-shim.cjs')") };

/** Whoever passes on a package's code passes on its licence. */
const licences = {
  name: "licences",
  generateBundle(_, bundle) {
    const modules = Object.values(bundle).flatMap(({ moduleIds = [] }) => moduleIds);
    const folders = new Set(modules.flatMap((module) => /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(module)?.[0] ?? []));
    this.emitFile({ type: "asset", fileName: "LICENSES.txt", source: [...folders].sort().map(licenceOf).join("\n\n\n") });
  },
};

function licenceOf(folder) {
  const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${folder} is bundled, and has no licence to pass on`);
  return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
}

await build({
  input: "cli/main.ts",
  platform: "node",
  external: NATIVE,
  // Packages that have both forms are taken as modules: of these only what is used gets into the files.
  resolve: { mainFields: ["module", "main"] },
  plugins: [required, undrawn, licences],
  logLevel: "warn",
  output: { dir: "dist/cli", cleanDir: true, chunkFileNames: "[name].js" },
});
