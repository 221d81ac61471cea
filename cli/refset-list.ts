import { connectView } from "../pipeline/reference-set/push.ts";
import { SignalhouseError } from "../schemas/errors.ts";
import { defineCommand, wholeNumber } from "./command.ts";
import { apiOf } from "./api.ts";
import { EXIT } from "./failures.ts";
import { table } from "./format.ts";

export const command = defineCommand({
  usage: "[NAME] [options]",
  about: "Lists the reference sets that Connect has, with their rows, attributes and key; with NAME, that one's attributes and first rows.",
  options: {
    rows: { type: "string", value: "N", help: "how many rows of NAME are shown; 10 by default" },
    id: { type: "string", value: "ID", help: "the set's id, where several have its name" },
  },
  examples: ["refset list", "refset list Buyers --rows 3"],
  positionals: [0, 1],
  async run(context, { values, positionals: [name] }) {
    const { config } = await context.config();
    const most = wholeNumber("--rows", values.rows ?? "10", { most: 1000 });
    const api = await apiOf(config, context);
    const { out } = context;
    if (name === undefined) {
      const sets = (await api.dataSets()).filter(({ type }) => type === "REFERENCE_SET");
      const attributes = (set: (typeof sets)[number]) => set.attributes ?? [];
      const keyOf = (set: (typeof sets)[number]) => attributes(set).find(({ identifyAs }) => identifyAs?.key)?.name ?? "";
      out.result({ sets }, () =>
        sets.length === 0
          ? ["Connect has no reference sets."]
          : table(
              ["set", { right: "rows" }, "key", "attributes", "id"],
              sets.map((set) => [
                set.name,
                set.size ?? "",
                keyOf(set),
                attributes(set)
                  .map(({ name, type }) => `${name} ${type}`)
                  .join(", "),
                set.dataSetId,
              ]),
            ),
      );
      return EXIT.done;
    }
    const { known } = await connectView({ api, config }, name, values.id);
    if (!known) throw new SignalhouseError("not_found", `Connect has no reference set ${name}`, "See `signalhouse refset list`.");
    const { totalCount, nodes } = await api.referenceSetRecords(known.id, most);
    const names = known.attributes.map((attribute) => attribute.name);
    const rows = nodes.map(({ attributes }) => Object.fromEntries(attributes.map((attribute) => [attribute.name, attribute.value])));
    out.result({ set: known, total_rows: totalCount, rows }, () => {
      const cells = rows.map((row) => names.map((column) => String(row[column] ?? "")));
      const headings = known.attributes.map(({ name, type }) => (type === "NUMBER" ? { right: name } : name));
      return [...table(headings, cells), "", `${nodes.length} of ${totalCount} rows`];
    });
    return EXIT.done;
  },
});
