/** The completions for bash, of version 3.2 and later. */
import type { CompletedCommand, CompletionTables, Place } from "./completion-tables.ts";

export function bashCompletion({ words, commands }: CompletionTables): string {
  const names = commands.map(({ name }) => name).toSorted((one, two) => two.length - one.length);
  const lists = [...words].map(([before, after]) => {
    const places = before === "" ? `""|help` : `${before}|"help ${before}"`;
    return `    ${places}) _signalhouse_words "${[...after.keys()].join(" ")}"; return ;;`;
  });
  return `# bash completion for signalhouse; written by: signalhouse completion bash

_signalhouse_words() { COMPREPLY=($(compgen -W "$1" -- "$cur")); }

_signalhouse_files() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen "$1" -- "$cur"))
  compopt -o filenames 2>/dev/null
}

_signalhouse() {
  local IFS=$' \\t\\n' cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} words command=
  # To bash, --option=value is three words.
  if [[ $cur == "=" ]]; then
    cur=
  elif [[ $prev == "=" ]]; then
    prev=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  COMPREPLY=()
  words="\${COMP_WORDS[*]:1:COMP_CWORD-1}"
  # Behind a dash it is an option of help that is asked for.
  [[ $cur == -* ]] || case "$words" in
${lists.join("\n")}
  esac
  case "$words " in
${names.map((name) => `    "${name} "*) command="${name}" ;;`).join("\n")}
    *) return ;;
  esac
  case "$command $prev" in
${commands.flatMap(valueCases).join("\n")}
  esac
  case "$command" in
${commands.map(commandCase).join("\n")}
  esac
}

complete -F _signalhouse signalhouse
`;
}

function valueCases({ name, options }: CompletedCommand): string[] {
  return options.flatMap(({ flags, value }) =>
    value ? [`    ${flags.map((flag) => `"${name} ${flag}"`).join("|")}) ${offer(value.place)}return ;;`] : [],
  );
}

/** Where arguments may stand, options are offered behind a dash only. */
function commandCase({ name, options, takes }: CompletedCommand): string {
  const flags = `_signalhouse_words "${options.map(({ flags }) => flags[0]).join(" ")}"`;
  if (takes === undefined) return `    "${name}") ${flags} ;;`;
  return `    "${name}") if [[ $cur == -* ]]; then ${flags}; else ${offer(takes)}:; fi ;;`;
}

function offer(place: Place): string {
  if (place === "unknown") return "";
  if (place === "files") return "_signalhouse_files -f; ";
  return place === "folders" ? "_signalhouse_files -d; " : `_signalhouse_words "${place.join(" ")}"; `;
}
