/** An SFTP server with one file and few talents: what a correct one may do, but OpenSSH and the sandbox do not. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import ssh2, { type SFTPWrapper } from "ssh2";

const { STATUS_CODE } = ssh2.utils.sftp;

export interface PoorServer {
  port: number;
  /** Read requests so far. */
  reads: number;
  close(): Promise<void>;
}

/**
 * @param hostKey its private key
 * @param most bytes that it gives for a read, however many are asked
 * @param claimed bytes that it says the file has
 * @param patient whether it can take a read while another one waits for its answer
 */
export async function startPoorServer(
  hostKey: string,
  content: Buffer,
  { most = Infinity, claimed = content.length, patient = true },
): Promise<PoorServer> {
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client
      .on("error", () => {})
      .on("authentication", (attempt) => attempt.accept())
      .on("session", (accept) => accept().on("sftp", (open) => serve(open())));
  });
  const attrs = { mode: 0o100_644, uid: 0, gid: 0, size: claimed, atime: 60, mtime: 60 };

  function serve(sftp: SFTPWrapper): void {
    let waiting = 0;
    sftp
      .on("REALPATH", (id) => sftp.name(id, [{ filename: "/", longname: "/", attrs }]))
      .on("STAT", (id) => sftp.attrs(id, attrs))
      .on("OPEN", (id) => sftp.handle(id, Buffer.from("file")))
      .on("CLOSE", (id) => sftp.status(id, STATUS_CODE.OK))
      .on("READ", (id, _handle, offset, length) => {
        poor.reads += 1;
        if (!patient && waiting > 0) return sftp.status(id, STATUS_CODE.FAILURE);
        waiting += 1;
        setImmediate(() => {
          waiting -= 1;
          const bytes = content.subarray(offset, offset + Math.min(length, most));
          if (bytes.length > 0) sftp.data(id, bytes);
          else sftp.status(id, STATUS_CODE.EOF);
        });
      });
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const poor: PoorServer = {
    port: (server.address() as AddressInfo).port,
    reads: 0,
    async close() {
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
  return poor;
}
