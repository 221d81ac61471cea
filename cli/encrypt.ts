import { PATIENCE_MS } from "../pipeline/common/door.ts";
import { findEncryption, readEncryptionKey } from "../pipeline/common/encryption.ts";
import { encryptAs } from "../pipeline/encrypt.ts";
import { SignalhouseError } from "../schemas/errors.ts";
import { type FindEncryption, NOT_ENCRYPTED } from "../sinks/encryption.ts";
import { isFileEncrypted } from "../sinks/file-place.ts";
import { defineCommand } from "./command.ts";
import { EXIT } from "./failures.ts";
import { bytes } from "./format.ts";
import { doorOf, encryptionWords } from "./warehouse.ts";
import { localPath } from "./world.ts";

export const command = defineCommand({
  usage: "[options]",
  about:
    "Writes the warehouse's file anew, encrypted with the key of SIGNALHOUSE_WAREHOUSE_KEY or encryption.keyFile: AES-256 in GCM, by DuckDB. With --from it has another key until now, and with --off it is in the " +
    "clear from then on. It takes the room of a second file until that is whole, and then takes the place of the first. Interrupted, it leaves the file as it was. Copies and backups stay as they are.",
  options: {
    from: { type: "string", value: "FILE", help: "the file with the key that it has until now" },
    off: { type: "boolean", help: "write it anew in the clear; its key is the one that is set" },
  },
  examples: ["encrypt", "encrypt --from old-key", "encrypt --off"],
  async run(context, { values: { from, off: isOff = false } }) {
    const { out, clock, signal } = context;
    const { config } = await context.config();
    const words = encryptionWords(context);
    const given = await findEncryption(config.encryption, words);
    if (given === undefined) throw noKey();
    if (isOff && from !== undefined)
      throw new SignalhouseError(
        "usage",
        "encrypt takes one of --from and --off",
        "The key that the warehouse has with --off is the one that is set.",
      );
    const before: FindEncryption = isOff
      ? () => Promise.resolve(given)
      : from === undefined
        ? NOT_ENCRYPTED
        : async () => ({ ...given, key: await readEncryptionKey(localPath(context, from)) });
    if (!isOff && from === undefined && (await isFileEncrypted(config.warehouse))) throw isAlready(config.warehouse);
    const door = doorOf(config, context, { patience: PATIENCE_MS, encryption: before });
    const begin = clock.now();
    await encryptAs(door, isOff ? undefined : given, signal);
    const seconds = (clock.now() - begin) / 1000;
    const size = await door.place.size();
    out.result({ warehouse: config.warehouse, encrypted: !isOff, size_bytes: size, seconds }, () => [
      `Wrote ${config.warehouse} anew, ${isOff ? "in the clear" : "encrypted"}: ${bytes(size)}, in ${seconds.toFixed(1)} s.`,
    ]);
    out.note(
      isOff
        ? "Take away SIGNALHOUSE_WAREHOUSE_KEY and encryption.keyFile: a key for a file that is not encrypted is refused."
        : `Keep the key, in another place than backups: without it nobody can read the warehouse. ${from === undefined ? "Backups and the published copy stay in the clear; the disk has the old file's bytes until it needs their room." : "Backups have the key that they were made with."}`,
    );
    return EXIT.done;
  },
});

const noKey = (): SignalhouseError =>
  new SignalhouseError(
    "usage",
    "there is no key to encrypt with",
    "Make one, of `openssl rand -hex 32`, and give it in SIGNALHOUSE_WAREHOUSE_KEY, or in a file of mode 600 that encryption.keyFile names.",
  );

const isAlready = (path: string): SignalhouseError =>
  new SignalhouseError("usage", `${path} is encrypted already`, "For another key: set the new one, and name the file with the old one with --from.");
