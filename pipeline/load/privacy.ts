/** What takes out of the records of loads what the configuration's privacy lists. */
import { privacyInEffect } from "../../sinks/privacy.ts";
import type { Warehouse } from "../../sinks/warehouse.ts";
import { PrivateRecords } from "../../transforms/private-records.ts";

/** Undefined where nothing is to be done with them. @param onLess as for privacyInEffect() @throws SignalhouseError config_invalid, key_file_open */
export async function privateRecords(warehouse: Warehouse, onLess?: (names: readonly string[]) => void): Promise<PrivateRecords | undefined> {
  const privacy = await privacyInEffect(warehouse, onLess);
  return privacy && new PrivateRecords(privacy);
}
