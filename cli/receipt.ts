/** The file of a receipt: what is erased is erased once. */
import { access, constants } from "node:fs/promises";
import { dirname } from "node:path";
import { keyFileOf, PRIVACY_KEY, PUBLISH_KEY } from "../pipeline/common/warehouse-key.ts";
import { replaceFile, writeRefused } from "../sinks/whole-file.ts";
import { assertNotOver } from "./query-output.ts";

/** Makes sure, before anything is erased, that it can be written. @throws SignalhouseError usage */
export async function assertReceipt(path: string, warehouse: string, configuration: string | undefined): Promise<void> {
  await assertNotOver(path, {
    "the warehouse": warehouse,
    "the configuration": configuration,
    "the privacy key": keyFileOf(PRIVACY_KEY, warehouse),
    "the publish key": keyFileOf(PUBLISH_KEY, warehouse),
  });
  await access(dirname(path), constants.W_OK).catch((error: unknown) => {
    throw writeRefused(path, error, "Nothing was changed. Name a file for -o in a folder that is there, and that you may write to.");
  });
}

/** Writes it. @throws SignalhouseError where that fails */
export async function writeReceipt(path: string, document: unknown): Promise<void> {
  const text = JSON.stringify(document, (_, value: unknown) => (typeof value === "bigint" ? Number(value) : value), 2);
  await replaceFile(path, `${text}\n`, 0o600).catch((error: unknown) => {
    throw writeRefused(path, error, "Everything else is done, and the receipt is what was printed: keep that.");
  });
}
