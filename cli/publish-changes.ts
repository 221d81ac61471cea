/** Publishing at the end of a run that has changed the warehouse, where the configuration says so. */
import { type Door, PATIENCE_MS } from "../pipeline/common/door.ts";
import { publishChanges, type PublishContext } from "../pipeline/publish.ts";
import { PUBLISH_KEY } from "../pipeline/common/warehouse-key.ts";
import type { Config } from "../schemas/config.ts";
import type { Context } from "./command.ts";
import { number } from "./format.ts";
import { doorOf } from "./warehouse.ts";

/** What publishing takes from a command's world. */
export const publishContext = ({ out, signal, clock, env }: Context, door: Door): PublishContext => ({
  door,
  signal,
  clock,
  key: env[PUBLISH_KEY.variable]?.trim() || undefined,
  onFile: ({ table, month, rows }) => out.log("debug", `publishing ${table}${month === null ? "" : ` of ${month}`}: ${number(rows)} rows`),
  onKey: (file) =>
    out.note(
      `The key by which the copy's contact ids are hashed is in ${file}, made now. Keep it with the warehouse: with another one all of them change.`,
    ),
  onOtherKey: () =>
    out.note(
      "The copy's contact ids are hashed by another key than those before, so that all of them are other ones. Is it the key of this warehouse, and the folder of its copy?",
    ),
  onUnknown: (headers) =>
    out.note(
      `publish.contactColumns has ${headers.map((header) => JSON.stringify(header)).join(", ")}, which is the header of no contact column yet`,
    ),
});

/** @throws SignalhouseError as publish; what the run has loaded is loaded all the same */
export async function publishAfter(context: Context, config: Config): Promise<void> {
  if (config.publish.to === undefined) return;
  const door = doorOf(config, context, { patience: PATIENCE_MS });
  const result = await publishChanges(config, publishContext(context, door));
  if (result?.isNew) context.out.log("info", `published version ${number(result.version)} to ${config.publish.to}`);
}
