/** The completions for zsh, which shows what each means. */
import type { CompletedCommand, CompletedOption, CompletionTables, Place } from "./completion-tables.ts";

export function zshCompletion({ words, commands }: CompletionTables): string {
  const lists = [...words].map(([before, after]) => {
    const rows = [...after].map(([word, meaning]) => quoted(`${word}:${meaning}`));
    return `    ${before === "" ? `""` : before}) rows=(\n${rows.map((row) => `      ${row}`).join("\n")}\n    ) ;;`;
  });
  const names = commands.map(({ name }) => name).filter((name) => name.includes(" "));
  return `#compdef signalhouse
# zsh completion for signalhouse; written by: signalhouse completion zsh

_signalhouse() {
  local command before="\${(j: :)words[2,CURRENT-1]}" asks_help=
  local -a rows
  [[ $words[2] == help && CURRENT -gt 2 && $words[CURRENT] != -* ]] && asks_help=yes before="\${(j: :)words[3,CURRENT-1]}"
  case "$before" in
${lists.join("\n")}
  esac
  if (( $#rows )); then
    _describe -t commands command rows
    return
  fi
  [[ -n $asks_help ]] && return 1
  case "$words[2] $words[3]" in
    ${names.map((name) => `"${name}"`).join("|")}) command="$words[2] $words[3]" ;;
    *) command="$words[2]" ;;
  esac
  # What follows the command is for _arguments.
  if [[ $command == *" "* ]]; then
    shift 2 words
    (( CURRENT -= 2 ))
  else
    shift words
    (( CURRENT -= 1 ))
  fi
  case "$command" in
${commands.map(commandCase).join("\n")}
  esac
}

if [[ $funcstack[1] == _signalhouse ]]; then
  _signalhouse "$@"
else
  compdef _signalhouse signalhouse
fi
`;
}

function commandCase({ name, options, takes }: CompletedCommand): string {
  const specs = options.flatMap(optionSpecs);
  if (takes !== undefined) specs.push(quoted(`*:argument:${action(takes)}`));
  return `    "${name}") _arguments -S \\\n${specs.map((spec) => `      ${spec}`).join(" \\\n")} ;;`;
}

function optionSpecs({ flags, help, value, multiple }: CompletedOption): string[] {
  const meaning = `[${help.replaceAll(/[[\]\\]/g, "\\$&")}]`;
  const takes = value ? `:${value.name.replaceAll(":", "\\:")}:${action(value.place)}` : "";
  // Given once, neither it nor its short form is offered again.
  const before = multiple ? "*" : flags.length > 1 ? `(${flags.join(" ")})` : "";
  return flags.map((flag) => quoted(`${before}${flag}${value && flag.startsWith("--") ? "=" : ""}${meaning}${takes}`));
}

function action(place: Place): string {
  if (place === "unknown") return " ";
  if (place === "files") return "_files";
  return place === "folders" ? "_files -/" : `(${place.join(" ")})`;
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
