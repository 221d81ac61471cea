/** An SFTP server that lists what it is told to, as no file system would. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ssh2, { type Attributes } from "ssh2";
import { fingerprint } from "../../pipeline/sftp/host-keys.ts";
import type { SftpOptions } from "../../pipeline/sftp/options.ts";
import { makeKeyPair } from "../../samples/sandbox/sandbox.ts";
import { sftpDefaults } from "./sshd.ts";

const { STATUS_CODE } = ssh2.utils.sftp;

/** An entry, or the answer to a look at it: a file of 7 bytes, but for what is said. Null and "none" are left out of the answer. */
export interface OddEntry {
  name: string;
  type?: "file" | "folder" | "pipe" | "none";
  size?: number | null;
  mtime?: number | null;
}

const MODES = { file: 0o100_644, folder: 0o040_755, pipe: 0o010_644, none: undefined };
const HOST_KEY = makeKeyPair().privateKey;
const KEY_PAIR = makeKeyPair();

/**
 * @param folders what is in each folder, by its absolute path
 * @param stats what is answered to looks; of others it knows nothing
 * @param content what every file has
 * @param noNames whether the end of a folder is told by an answer without names
 */
export async function startOddServer({
  folders,
  stats,
  content = Buffer.alloc(0),
  noNames = false,
}: {
  folders: Record<string, OddEntry[]>;
  stats: Record<string, OddEntry>;
  content?: Buffer;
  noNames?: boolean;
}) {
  const dir = mkdtempSync(join(tmpdir(), "signalhouse-odd-"));
  writeFileSync(join(dir, "key"), KEY_PAIR.privateKey, { mode: 0o600 });
  const server = new ssh2.Server({ hostKeys: [HOST_KEY] }, (client) => {
    client
      .on("error", () => {})
      .on("authentication", (attempt) => attempt.accept())
      .on("session", (accept) =>
        accept().on("sftp", (open) => {
          const sftp = open();
          const unread = new Set<string>();
          sftp
            .on("REALPATH", (id, path) => sftp.name(id, [{ filename: path === "." ? "/" : path, longname: "", attrs: attributesOf({ name: "" }) }]))
            .on("STAT", (id, path) => (stats[path] ? sftp.attrs(id, attributesOf(stats[path])) : sftp.status(id, STATUS_CODE.NO_SUCH_FILE)))
            .on("OPENDIR", (id, path) => {
              if (!folders[path] && stats[path]?.type !== "folder")
                return sftp.status(id, stats[path] ? STATUS_CODE.FAILURE : STATUS_CODE.NO_SUCH_FILE);
              unread.add(path);
              sftp.handle(id, Buffer.from(path));
            })
            .on("READDIR", (id, handle) => {
              const path = handle.toString();
              if (!unread.delete(path)) return noNames ? sftp.name(id, []) : sftp.status(id, STATUS_CODE.EOF);
              const entries = (folders[path] ?? []).map((entry) => ({ filename: entry.name, longname: "", attrs: attributesOf(entry) }));
              sftp.name(id, entries);
            })
            .on("OPEN", (id, path) => sftp.handle(id, Buffer.from(path)))
            .on("READ", (id, _handle, offset, length) =>
              offset < content.length ? sftp.data(id, content.subarray(offset, offset + length)) : sftp.status(id, STATUS_CODE.EOF),
            )
            .on("CLOSE", (id) => sftp.status(id, STATUS_CODE.OK));
        }),
      );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const key = ssh2.utils.parseKey(HOST_KEY);
  if (key instanceof Error) throw key;
  const sftp: SftpOptions = {
    ...sftpDefaults(),
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    user: "analyst@example.com",
    keyFile: join(dir, "key"),
    hostKeys: [fingerprint(key.getPublicSSH())],
  };
  return {
    /** Options that reach it. */
    sftp,
    async close() {
      const closed = once(server, "close");
      server.close();
      await closed;
      rmSync(dir, { recursive: true });
    },
  };
}

/** ssh2 leaves out of its answer what is undefined. */
function attributesOf({ type = "file", size = 7, mtime = 60 }: OddEntry): Attributes {
  const attributes = { mode: MODES[type], size: size ?? undefined, ...(mtime === null ? {} : { atime: mtime, mtime }) };
  return attributes as unknown as Attributes;
}
