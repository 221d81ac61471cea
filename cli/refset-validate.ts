import { PATIENCE_MS, readerOf } from "../pipeline/common/door.ts";
import { connectView, writeReferenceSet } from "../pipeline/reference-set/push.ts";
import { type ErrorCode, isSignalhouseError } from "../schemas/errors.ts";
import { setNameViolations } from "../schemas/reference-set.ts";
import { defineCommand } from "./command.ts";
import { apiOf } from "./api.ts";
import { EXIT } from "./failures.ts";
import { DEFINITION_OPTIONS, definitionOf } from "./refset-definition.ts";
import { fileText, maxErrorsOf, modeOf, preparedDocument, preparedLines } from "./refset-report.ts";
import { doorOf } from "./warehouse.ts";

export const command = defineCommand({
  usage: "NAME [options]",
  about:
    "Checks the rows of a reference set by every rule of Connect, and sends nothing. Each broken rule is told with row, column, value and rule. Where " +
    "there is an API key, the sets that Connect has are looked at too. With --from it needs no configuration, account, warehouse or network.",
  options: DEFINITION_OPTIONS,
  examples: ["refset validate Orders --from orders.csv --key 'Order ID'", "refset validate Orders --mode replace --max-errors 1000"],
  positionals: [1, 1],
  async run(context, { values, positionals: [set = ""] }) {
    const { config } = await context.config();
    const { definition } = await definitionOf(set, values, config, context);
    const wish = { set, definition, mode: modeOf(values.mode), changed: false, maxErrors: maxErrorsOf(values["max-errors"]) };
    let unasked: string | undefined;
    /** Without an account or a network the rows are checked all the same. */
    const without =
      (...codes: ErrorCode[]) =>
      (error: unknown) => {
        if (!isSignalhouseError(error, ...codes)) throw error;
        unasked = error.message;
        return undefined;
      };
    const api = await apiOf(config, context).catch(without("api_key_missing", "config_invalid"));
    const isNamed = setNameViolations(set).length === 0;
    const asking = api && isNamed ? connectView({ api, config }, set, values.id) : Promise.resolve(undefined);
    const view = await asking.catch(without("api_unreachable"));
    const readWarehouse = readerOf(doorOf(config, context, { patience: PATIENCE_MS }));
    const prepared = await writeReferenceSet({ config, readWarehouse, signal: context.signal }, wish, view, undefined);
    const isClean = prepared.violationCount === 0;
    context.out.result({ ...preparedDocument(set, prepared), asked_connect: unasked === undefined }, () =>
      isClean ? [...preparedLines(prepared), "", `${set} can be pushed, ${prepared.mode}: ${fileText(prepared)}`] : preparedLines(prepared),
    );
    if (unasked !== undefined) context.out.note(`Connect was not asked about its sets: ${unasked}`);
    return isClean ? EXIT.done : EXIT.failed;
  },
});
