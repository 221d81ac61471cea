/** What README and docs/ say is true: commands, settings, tables, views, codes and links are those that there are. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseCommand } from "../cli/command.ts";
import { COMMANDS } from "../cli/commands.ts";
import { EXIT } from "../cli/failures.ts";
import { findCommand } from "../cli/find-command.ts";
import { optionRows, usageLine } from "../cli/help-text.ts";
import { COMMON_OPTIONS } from "../cli/options.ts";
import { readConfig } from "../schemas/config.ts";
import { CONTENT_FIELDS, type ContentField, ITEM_FIELDS } from "../schemas/content-fields.ts";
import { ERROR_CODES, messageOf } from "../schemas/errors.ts";
import { snakeCase } from "../schemas/names.ts";
import type { DriftReason } from "../schemas/record.ts";
import { REJECT_CODES } from "../schemas/reject-codes.ts";
import { BEHAVIOR_TYPES, isListed, SIGNAL_TYPES, type SignalType, TYPE_NAMES } from "../schemas/signal-types.ts";
import { DATA_TABLES } from "../sinks/ddl.ts";
import { VIEWS } from "../sinks/views/index.ts";
import { TYPE_VIEWS } from "../sinks/views/signal-types.ts";
import { cli } from "./helpers/cli.ts";
import { columnComments, commentsOf, runLoading } from "./helpers/commented.ts";
import {
  anchors,
  codeBlocks,
  commandLines,
  inlineCode,
  PAGES,
  readPage,
  relativeLinks,
  ROOT,
  section,
  tableRows,
  withTable,
} from "./helpers/markdown.ts";
import { scratchFolder, scratchWarehouse } from "./helpers/warehouse.ts";

const COMMAND_NAMES = Object.keys(COMMANDS);

describe("docs/commands.md", () => {
  const page = readPage("docs/commands.md");

  test.each(COMMAND_NAMES)("%s is as its --help says", async (name) => {
    const { command } = await loadCommand(name);
    const text = section(page, name);
    expect(inlineCode(text)).toContain(usageLine(name, command).replace("Usage: ", ""));
    expect(tableRows(text)).toEqual(optionRows(command.options));
    const examples = codeBlocks(text).flatMap(({ code }) => code.trimEnd().split("\n"));
    expect(examples).toEqual(command.examples.map((example) => `signalhouse ${example}`));
  });

  test("has every command in its index, as --help has them", () => {
    const index = page.split("\n").flatMap((line) => /^- \[(.*)\]\(#(.*)\): (.*)$/.exec(line)?.slice(1) ?? []);
    expect(index).toEqual(Object.entries(COMMANDS).flatMap(([name, { summary }]) => [name, name.replaceAll(" ", "-"), summary]));
  });

  test("names the options that every command takes", () => {
    expect(tableRows(section(page, "Options of every command"))).toEqual(optionRows(COMMON_OPTIONS));
  });

  test("names every exit code", () => {
    expect(tableRows(section(page, "Exit codes")).map(([code]) => Number(code))).toEqual(Object.values(EXIT));
  });

  test("names the settings that there are, with their defaults", () => {
    const settings = Object.fromEntries(tableRows(section(page, "The configuration")).map(([name = "", value = ""]) => [name, value]));
    const { "sftp.user": _user, "sftp.host": _host, ...defaults } = flat(readConfig({ sftp: { user: "analyst@example.com", host: "a" } }, "a test"));
    const named = Object.entries(settings).filter(([name]) => Object.hasOwn(defaults, name));
    expect(Object.fromEntries(named)).toEqual(defaults);
    for (const name of Object.keys(settings)) {
      const wrong = name.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), null);
      expect(() => readConfig(wrong, "a test")).toThrow(`${name}: `);
    }
  });
});

async function loadCommand(name: string) {
  const entry = COMMANDS[name];
  if (!entry) throw new Error(`there is no command ${name}`);
  return entry.load();
}

/** The values of an object and of those in it, as JSON, by path. */
function flat(value: object, prefix = ""): Record<string, string> {
  const entries = Object.entries(value).map(([key, inner]: [string, unknown]) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? flat(inner, `${prefix}${key}.`)
      : { [prefix + key]: JSON.stringify(inner) },
  );
  return Object.assign({}, ...entries) as Record<string, string>;
}

describe("docs/tables.md", () => {
  const page = readPage("docs/tables.md");

  /** `npx vitest run test/docs.test.ts -u` writes the tables of columns anew, out of what a warehouse says of itself. */
  test("every table with its columns, as the warehouse's comments say", async () => {
    const scratch = await scratchWarehouse();
    await runLoading(scratch, 1000);
    const comments = await commentsOf(scratch);
    const taken = columnComments(comments, "behavior_signals");
    const named = comments.filter(({ name }) => !TYPE_VIEWS.some((view) => view.name === name));
    // The page tells of those that any warehouse has.
    const isContact = (name: string, column: string) => name === "marts.contacts" && column.startsWith("contact_") && column !== "contact_id";
    const columns = named.filter(
      ({ name, column }) => column !== null && !(name === "message_behavior" && column in taken) && !isContact(name, column),
    );
    const expected = [...new Set(columns.map(({ name }) => name))].reduce((text, table) => {
      const rows = columns.flatMap(({ name, column, type, comment }) => (name === table ? [[column, type, comment].map(String)] : []));
      return withTable(text, table, ["column", "type", "meaning"], rows);
    }, page);
    await expect(expected).toMatchFileSnapshot(join(ROOT, "docs/tables.md"));
    for (const { name, comment } of named.filter(({ column }) => column === null)) {
      const [introduction = ""] = section(page, name).split("\n|");
      expect(introduction.trim().replaceAll("\n", " ")).toContain(comment);
    }
  });

  test("the older names of fields", () => {
    const rows = tableRows(section(page, "behavior_signals")).filter((row) => row.length === 2);
    const named = rows.map(([column = "", names = ""]) => [column, names.replaceAll("`", "")]);
    const fields = Object.entries<ContentField>(CONTENT_FIELDS).map(([name, { aliases = [], aliasesByType = {} }]) => {
      const byType = Object.entries(aliasesByType).flatMap(([type, names]) => names.map((alias) => `${alias} (${type})`));
      return [snakeCase(name), [...aliases, ...byType].join(", ")];
    });
    const items = Object.entries(ITEM_FIELDS).map(([name, field]) => [
      `order_items.${snakeCase(name)}`,
      "aliases" in field ? field.aliases.join(", ") : "",
    ]);
    expect(named).toEqual([...fields, ...items].filter(([, names]) => names !== ""));
  });

  test("every view, with its columns", async () => {
    const scratch = await scratchWarehouse();
    const actual = (view: string) => scratch.values(`SELECT name FROM pragma_table_info('${view}')`);
    const text = section(page, "Signal types");
    expect(tableRows(text).map(([view, type]) => [type, view])).toEqual(sortedByTable().map(([type, { view }]) => [type, view]));

    const shared = (kind: string) => new RegExp(`^${kind} views have in common: (.*)\\.$`, "m").exec(text)?.[1]?.split(", ") ?? [];
    for (const [view = "", type = "", own = ""] of tableRows(text)) {
      const { table } = SIGNAL_TYPES[type as keyof typeof SIGNAL_TYPES];
      const named = [...shared(table === "marketing_signals" ? "Marketing" : "Behavior"), ...(own === "none" ? [] : own.split(", "))];
      expect({ [view]: new Set(named) }).toEqual({ [view]: new Set(await actual(view)) });
    }

    for (const { name } of VIEWS.filter((view) => !TYPE_VIEWS.includes(view))) {
      const [, whole = ""] = /every column of\s+\[(\w+)\]/.exec(section(page, name)) ?? [];
      const taken = DATA_TABLES[whole]?.flatMap((column) => (column.name === "key_hash" ? [] : [column.name])) ?? [];
      expect([name, await actual(name)]).toEqual([name, expect.arrayContaining(taken)]);
      expect(page.slice(0, page.indexOf("\n## "))).toContain(`[${name}](#${name})`);
    }
  });

  test("which types are on no list of Connect's", () => {
    const [, named = ""] = /^(.*) are documented for sites and apps/m.exec(section(page, "Signal types")) ?? [];
    expect(named.split(/, | and /)).toEqual(TYPE_NAMES.filter((type) => !isListed(type as SignalType)));
  });
});

test("docs/domain.md says of every behavior type how well its fields are known", () => {
  const rows = tableRows(section(readPage("docs/domain.md"), "SIGNAL_CONTENT")).map(([types = ""]) => types.replace(/:.*/, ""));
  const named = rows.flatMap((types) => types.split(", "));
  expect(BEHAVIOR_TYPES.filter((type) => !named.includes(type))).toEqual([]);
});

/** The signal types in the order of the page: marketing first. */
const sortedByTable = () =>
  Object.entries(SIGNAL_TYPES).toSorted(([, a], [, b]) => (a.table === b.table ? 0 : a.table === "marketing_signals" ? -1 : 1));

/** Every reason, which the compiler checks. */
const DRIFT_REASONS = {
  "unknown field": true,
  "does not fit": true,
  rounded: true,
  "not a column of this table": true,
  "second name of a field": true,
  "name stands twice": true,
  "not UTF-8": true,
  "unknown signal type": true,
  "not valid Unicode": true,
  "not an id": true,
  "id of another type": true,
  "id at another time": true,
} satisfies Record<DriftReason, true>;

describe("docs/errors.md", () => {
  const page = readPage("docs/errors.md");

  test("every error code, with its title and whether it may pass by itself", () => {
    const named = tableRows(section(page, "Error codes")).map(([code, title, byItself]) => [code, { title, retryable: byItself === "yes" }]);
    expect(Object.fromEntries(named)).toEqual(ERROR_CODES);
    expect(named).toHaveLength(Object.keys(ERROR_CODES).length);
  });

  test("every reject code, with its meaning", () => {
    expect(Object.fromEntries(tableRows(section(page, "Reject codes")).map(([code, meaning]) => [code, meaning]))).toEqual(REJECT_CODES);
  });

  test("every drift reason", () => {
    expect(tableRows(section(page, "Drift reasons")).map(([reason]) => reason)).toEqual(Object.keys(DRIFT_REASONS));
  });

  test("the error that it shows is printed so", async () => {
    const { stderr } = await cli(["sync"], { cwd: scratchFolder() });
    expect(stderr).toBe(codeBlocks(section(page, "Error codes"))[0]?.code);
  });
});

describe("every page", () => {
  test.each(PAGES)("%s links to what is there", (path) => {
    const broken = relativeLinks(readPage(path)).filter((link) => {
      const [file = "", anchor] = link.split("#");
      const target = file === "" ? path : join(dirname(path), file);
      return !existsSync(join(ROOT, target)) || (anchor !== undefined && !anchors(readPage(target)).includes(anchor));
    });
    expect(broken).toEqual([]);
  });

  test.each(PAGES)("%s names only commands and options that there are", async (path) => {
    const refused = await Promise.all(commandLines(path).map(async ({ line, args }) => [line, await refusal(args)]));
    expect(refused.filter(([, why]) => why !== undefined)).toEqual([]);
  });
});

/** Why a command line is not understood; undefined where it is. */
async function refusal(args: readonly string[]): Promise<string | undefined> {
  try {
    const found = findCommand(COMMANDS, args);
    const { command } = await found.entry.load();
    parseCommand(found.name, command, found.rest);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
