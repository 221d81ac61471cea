import { defineCommand } from "./command.ts";
import { bashCompletion } from "./completion-bash.ts";
import { fishCompletion } from "./completion-fish.ts";
import { type CompletionTables, completionTables } from "./completion-tables.ts";
import { zshCompletion } from "./completion-zsh.ts";
import { EXIT } from "./failures.ts";
import { oneOf } from "./options.ts";

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } satisfies Record<string, (tables: CompletionTables) => string>;
const SHELLS = Object.keys(SCRIPTS) as (keyof typeof SCRIPTS)[];

export const command = defineCommand({
  usage: "SHELL [options]",
  about: `Prints a script with which a shell (${SHELLS.join(", ")}) completes commands, options, their values and files. Write it anew after an upgrade.`,
  options: {},
  examples: [
    "completion bash > ~/.local/share/bash-completion/completions/signalhouse",
    "completion zsh > ~/.zfunc/_signalhouse",
    "completion fish > ~/.config/fish/completions/signalhouse.fish",
  ],
  positionals: [1, 1],
  takes: SHELLS,
  async run({ out, commands }, { positionals: [shell = ""] }) {
    const script = SCRIPTS[oneOf("SHELL", shell, SHELLS)](await completionTables(commands));
    out.result({ shell, script }, () => script.trimEnd().split("\n"));
    return EXIT.done;
  },
});
