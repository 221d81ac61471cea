import { type CommandTable, defineCommand } from "./command.ts";
import { EXIT } from "./failures.ts";
import { findCommand, groupOf } from "./find-command.ts";
import { commandHelp, overview } from "./help-text.ts";

export const command = defineCommand({
  usage: "[COMMAND] [options]",
  about: "Says what there is, or how a command is used: the same as COMMAND --help. A command of two words may be left at the first one.",
  options: {},
  examples: ["help", "help sync", "help rejects replay"],
  positionals: [0, 2],
  async run({ out, commands }, { positionals }) {
    const text = await helpOn(commands, positionals);
    out.result({ help: text }, () => text.split("\n"));
    return EXIT.done;
  },
});

/** The help on what these words name: nothing, a command, or the first word of several. @throws SignalhouseError usage */
async function helpOn(commands: CommandTable, words: readonly string[]): Promise<string> {
  const group = groupOf(commands, words[0]);
  if (words.length === 0) return overview(commands);
  if (words.length === 1 && group.length > 0) return overview(Object.fromEntries(Object.entries(commands).filter(([name]) => group.includes(name))));
  const { name, entry } = findCommand(commands, words);
  return commandHelp(name, (await entry.load()).command);
}
