/** The completions for fish, which shows what each means. */
import type { CompletedCommand, CompletedOption, CompletionTables } from "./completion-tables.ts";

export function fishCompletion({ words, commands }: CompletionTables): string {
  const lists = [...words].flatMap(([before, after]) =>
    [...after].map(([word, meaning]) => `complete -c signalhouse -n ${quoted(`__signalhouse_after "${before}"`)} -a ${word} -d ${quoted(meaning)}`),
  );
  return `# fish completion for signalhouse; written by: signalhouse completion fish

# Whether exactly these words stand before the cursor, behind help or not.
function __signalhouse_after
    set -l words (commandline -opc)
    set -e words[1]
    test "$words[1]" = help; and set -e words[1]
    test "$words" = "$argv"
end

# Whether the command is this one.
function __signalhouse_in
    set -l words (commandline -opc)
    set -e words[1]
    string match -q -- "$argv *" "$words "
end

complete -c signalhouse -f
${lists.join("\n")}
${commands.flatMap(commandLines).join("\n")}
`;
}

function commandLines({ name, options, takes }: CompletedCommand): string[] {
  const inside = `complete -c signalhouse -n ${quoted(`__signalhouse_in "${name}"`)}`;
  const argument = takes === "files" ? ["-F"] : Array.isArray(takes) ? [`-a ${quoted(takes.join(" "))}`] : [];
  return [...options.map((option) => `${inside} ${optionText(option)}`), ...argument.map((what) => `${inside} ${what}`)];
}

function optionText({ flags, help, value }: CompletedOption): string {
  const names = flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)).join(" ");
  return `${names} ${value ? `${valueText(value.place)} ` : ""}-d ${quoted(help)}`;
}

function valueText(place: NonNullable<CompletedOption["value"]>["place"]): string {
  if (place === "files") return "-r -F";
  if (place === "folders") return "-x -a '(__fish_complete_directories)'";
  return place === "unknown" ? "-x" : `-x -a ${quoted(place.join(" "))}`;
}

const quoted = (text: string) => `'${text.replaceAll(/['\\]/g, "\\$&")}'`;
