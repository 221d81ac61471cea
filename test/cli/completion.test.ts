/** The completions, in the shells themselves. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { COMMANDS } from "../../cli/commands.ts";
import { COMMON_OPTIONS, type OptionTable } from "../../cli/options.ts";
import { cli } from "../helpers/cli.ts";
import { scratchFolder } from "../helpers/warehouse.ts";

const run = promisify(execFile);

/** What is typed, up to the cursor, and what is offered for its last word, sorted. */
const CASES: readonly [typed: string, offered: string][] = [
  ["sy", "sync"],
  ["rej", "rejects"],
  ["re", "refset rejects report"],
  ["rejects ", "list replay show"],
  ["help rej", "rejects"],
  ["help rejects re", "replay"],
  ["help sync ", ""],
  ["sync --dr", "--dry-run"],
  ["sync --reader ", "row vector"],
  ["sync --only a --reader v", "vector"],
  ["sync --reader=v", "vector"],
  ["sync --log-level ", "debug error info warn"],
  ["sync --since ", ""],
  ["query --format j", "json jsonl"],
  ["shell --format m", "markdown"],
  ["query -f e", "export.csv exports"],
  ["query x -o e", "export.csv exports"],
  ["sync --config e", "export.csv exports"],
  ["sandbox --folder e", "exports"],
  ["load e", "export.csv exports"],
  ["load a.csv e", "export.csv exports"],
  ["refset push Buyers --mo", "--mode"],
  ["refset push Buyers --mode ", "add_update create replace"],
  ["completion ", "bash fish zsh"],
];

interface Shell {
  /** A program of the shell that prints, for each line typed, a line with what is offered, divided by tabs. */
  harness: (script: string, lines: readonly string[]) => string;
  args: (program: string) => readonly string[];
}

const SHELLS: Record<string, Shell> = {
  bash: {
    args: (program) => ["--norc", "-c", program],
    harness: (script, lines) =>
      [
        `source ${script}`,
        ...lines.map((line) => {
          const words = line
            .replace("=", " = ")
            .split(" ")
            .map((word) => `'${word}'`);
          return `COMP_WORDS=(${words.join(" ")}); COMP_CWORD=${words.length - 1}; COMPREPLY=(); _signalhouse; (IFS=$'\\t'; echo "\${COMPREPLY[*]}")`;
        }),
      ].join("\n"),
  },
  fish: {
    args: (program) => ["--no-config", "-c", program],
    harness: (script, lines) =>
      [`source ${script}`, ...lines.map((line) => `echo (complete -C '${line}' | string replace -r '\\t.*' '' | string join \\t)`)].join("\n"),
  },
  // zsh completes only at a terminal: there its compadd, which is handed what is offered, tells of it.
  zsh: {
    args: (program) => ["-f", "-c", program],
    harness: (script, lines) =>
      `zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1= PS2=; stty -echo; bindkey -e; autoload -U compinit; compinit -u -D; zstyle ":completion:*" insert-tab false
unsetopt BEEP LIST_BEEP ALWAYS_LAST_PROMPT; setopt NO_LIST_AMBIGUOUS; source ${script}
compadd() {
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
  local -a hits; local place=\${@[(I)-W]} dirs=\${@[(I)-/]}
  builtin compadd -A hits "$@"
  all+=("\${hits[@]}"); builtin compadd "$@"
}
tell() { all=(); zle complete-word; print -r -- "<\${(pj:\\t:)all}>" >&2; BUFFER=; zle redisplay }
zle -C complete-word complete-word _main_complete
zle -N tell; bindkey "^I" tell; typeset -ga all; print -r -- "<""ready>"'
zpty -r shell said '*<ready>*'
for typed in ${lines.map((line) => `'${line}'`).join(" ")}; do
  zpty -n -w shell "$typed"$'\\t'
  zpty -r shell said '*<*>*'
  said=\${said##*<}; print -r -- "\${said%%>*}"
done
zpty -d shell`,
  },
};

/** What a shell offers for each line, sorted. */
async function offered(shell: string, lines: readonly string[]): Promise<string[]> {
  const cwd = scratchFolder();
  mkdirSync(join(cwd, "exports"));
  writeFileSync(join(cwd, "export.csv"), "");
  const { stdout: script } = await cli(["completion", shell], { cwd });
  const scripts = join(scratchFolder(), "script");
  writeFileSync(scripts, script);
  const { args, harness } = SHELLS[shell] as Shell;
  const program = harness(
    scripts,
    lines.map((line) => `signalhouse ${line}`),
  );
  const { stdout, stderr } = await run(shell, args(program), { cwd, env: { PATH: process.env["PATH"], HOME: cwd, TERM: "dumb" }, timeout: 30_000 });
  expect(stderr).toBe("");
  // Shells differ in order, in whether a folder ends in a slash, and in what of --option=value is the word.
  const plain = (word: string) => word.replace(/^--[\w-]+=(?=.)/, "").replace(/[/=]$/, "");
  return stdout
    .split("\n")
    .slice(0, lines.length)
    .map((line) => [...new Set(line.split("\t").map(plain))].toSorted().join(" "));
}

const isMissing = (shell: string) => !(process.env["PATH"] ?? "").split(":").some((folder) => existsSync(join(folder, shell)));

/** Where CI is set none may be missing. */
const isSkipped = (shell: string) => {
  if (!isMissing(shell)) return false;
  if (process.env["CI"]) throw new Error(`${shell} is not installed: the tests of its completions need it (apt-get install ${shell})`);
  return true;
};

describe.each(Object.keys(SHELLS))("%s", (shell) => {
  test.skipIf(isSkipped(shell))("offers words, options, values and files where they belong", async () => {
    const found = await offered(
      shell,
      CASES.map(([typed]) => typed),
    );
    expect(CASES.map(([typed], index) => [typed, found[index]])).toEqual(CASES);
  });

  test.skipIf(isSkipped(shell))("offers the options of every command that its --help has", async () => {
    const names = Object.keys(COMMANDS);
    const found = await offered(
      shell,
      names.map((name) => `${name} --`),
    );
    const told = async (name: string) => {
      const { command } = await (COMMANDS[name] as (typeof COMMANDS)[string]).load();
      const table: OptionTable = { ...COMMON_OPTIONS, ...command.options };
      const flags = Object.entries(table).flatMap(([option, { hidden }]) => (hidden ? [] : [`--${option}`]));
      return flags.toSorted().join(" ");
    };
    expect(names.map((name, index) => [name, found[index]])).toEqual(await Promise.all(names.map(async (name) => [name, await told(name)])));
  });
});
