/** One SFTP channel: what each request means. */
import ssh2 from "ssh2";
import type { Attributes, SFTPWrapper } from "ssh2";
import { Answers, DONE } from "./answers.ts";
import type { Answer, SandboxConnection } from "./answers.ts";
import type { OpenFile, SandboxFolder } from "./folder.ts";
import { longName } from "./long-name.ts";
import { failed, Refusal, STATUS_CODE, unsupported } from "./refusal.ts";

const { OPEN_MODE } = ssh2.utils.sftp;
/** A longer read is answered short. An answer of this size is about the largest packet that clients take. */
const MAX_READ_BYTES = 256 * 1024;
const NAMES_PER_ANSWER = 100;

/** A folder that is being listed: `names` were not answered yet. */
interface OpenFolder {
  path: string;
  names: string[];
}

/**
 * Serves one channel until it closes. Reads run side by side, anything else waits until all before it is done.
 * @returns when the channel is over and all its handles are closed
 */
export async function serveSftp(sftp: SFTPWrapper, folder: SandboxFolder, connection: SandboxConnection): Promise<void> {
  const { stats } = connection;
  const answers = new Answers(sftp, connection);
  const handles = new Handles(connection);
  const change = (id: number, work: () => Promise<void>): void => answers.inTurn(id, () => work().then(() => DONE));
  const refuse = (id: number, what: string): void => change(id, () => Promise.reject(unsupported(what)));
  const attributes = (id: number, find: () => Promise<Attributes>): void =>
    answers.inTurn(id, async () => ({ type: "attributes", attributes: await find() }));

  sftp.on("REALPATH", (id, path) => answers.inTurn(id, async () => name(folder.realpath(path))));
  sftp.on("STAT", (id, path) => attributes(id, () => folder.stat(path)));
  sftp.on("LSTAT", (id, path) => attributes(id, () => folder.stat(path)));
  sftp.on("FSTAT", (id, handle) =>
    attributes(id, async () => {
      const file = handles.file(handle);
      return folder.attributes(file.key, await file.handle.stat());
    }),
  );
  sftp.on("OPENDIR", (id, path) => answers.inTurn(id, async () => handles.add({ path, names: await folder.list(path) })));
  sftp.on("READDIR", (id, handle) => answers.inTurn(id, () => readFolder(folder, handles.folder(handle))));
  sftp.on("OPEN", (id, path, flags) =>
    answers.inTurn(id, async () => {
      const file = await openFile(folder, path, flags);
      stats.opens += 1;
      return handles.add(file);
    }),
  );
  sftp.on("READ", (id, handle, offset, length) => {
    stats.reads += 1;
    answers.atOnce(id, readFile(connection, handles, handle, offset, length));
  });
  sftp.on("WRITE", (id, handle, offset, data) => change(id, () => writeFile(handles.file(handle), offset, data)));
  sftp.on("CLOSE", (id, handle) => change(id, () => handles.close(handle)));
  sftp.on("MKDIR", (id, path) => change(id, () => folder.makeFolder(path)));
  sftp.on("RMDIR", (id, path) => change(id, () => folder.removeFolder(path)));
  sftp.on("REMOVE", (id, path) => change(id, () => folder.removeFile(path)));
  sftp.on("RENAME", (id, from, to) => change(id, () => folder.rename(from, to)));
  sftp.on("SETSTAT", (id) => refuse(id, "setting attributes"));
  sftp.on("FSETSTAT", (id) => refuse(id, "setting attributes"));
  sftp.on("READLINK", (id) => refuse(id, "a symbolic link"));
  sftp.on("SYMLINK", (id) => refuse(id, "a symbolic link"));
  sftp.on("EXTENDED", (id, request) => refuse(id, request));

  sftp.on("error", () => sftp.end());
  sftp.on("end", () => sftp.end());
  await new Promise<void>((resolve) => sftp.once("close", resolve));
  await answers.end();
  await handles.closeAll();
}

function name(filename: string): Answer {
  const attrs = { mode: 0, uid: 0, gid: 0, size: 0, atime: 0, mtime: 0 };
  return { type: "names", names: [{ filename, longname: filename, attrs }] };
}

async function readFolder(folder: SandboxFolder, open: OpenFolder): Promise<Answer> {
  const names = open.names.splice(0, NAMES_PER_ANSWER);
  if (names.length === 0) throw new Refusal(STATUS_CODE.EOF, "No more names");
  const entries = await Promise.all(
    names.map(async (filename) => {
      const attrs = await folder.stat(`${open.path}/${filename}`).catch(() => undefined);
      return attrs ? [{ filename, longname: longName(filename, attrs), attrs }] : []; // removed since
    }),
  );
  return { type: "names", names: entries.flat() };
}

async function openFile(folder: SandboxFolder, path: string, flags: number): Promise<OpenFile> {
  const { READ, WRITE, APPEND, CREAT, TRUNC, EXCL } = OPEN_MODE;
  if (flags & APPEND) throw unsupported("append");
  if (flags & READ && flags & (WRITE | CREAT | TRUNC)) throw unsupported("opening for reading and writing");
  if (flags & READ) return await folder.openForReading(path);
  if (!(flags & WRITE)) throw failed("open neither reads nor writes");
  return await folder.openForWriting(path, { creates: (flags & CREAT) > 0, truncates: (flags & TRUNC) > 0, exclusive: (flags & EXCL) > 0 });
}

async function readFile({ faults }: SandboxConnection, handles: Handles, handle: Buffer, offset: number, length: number): Promise<Answer> {
  const file = handles.file(handle);
  const end = faults.sizeOf(file.key, Infinity);
  const wanted = Math.max(0, Math.min(length, MAX_READ_BYTES, end - offset));
  const { bytesRead, buffer } = await file.handle.read(Buffer.allocUnsafe(wanted), 0, wanted, offset);
  if (bytesRead === 0 && length > 0) throw new Refusal(STATUS_CODE.EOF, "End of file");
  faults.noteRead(file.key);
  return { type: "data", data: buffer.subarray(0, bytesRead) };
}

async function writeFile(file: OpenFile, offset: number, data: Buffer): Promise<void> {
  let written = 0;
  while (written < data.length) {
    written += (await file.handle.write(data, written, data.length - written, offset + written)).bytesWritten;
  }
}

/** The files and folders that a client has open on one channel, by the handle it was given. */
class Handles {
  readonly #connection: SandboxConnection;
  readonly #open = new Map<number, OpenFile | OpenFolder>();
  #last = 0;

  constructor(connection: SandboxConnection) {
    this.#connection = connection;
  }

  add(opened: OpenFile | OpenFolder): Answer {
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE((this.#last += 1));
    this.#open.set(this.#last, opened);
    this.#connection.stats.openHandles += 1;
    return { type: "handle", handle };
  }

  file(handle: Buffer): OpenFile {
    const opened = this.#find(handle);
    if ("names" in opened) throw failed("the handle is a folder's");
    return opened;
  }

  folder(handle: Buffer): OpenFolder {
    const opened = this.#find(handle);
    if (!("names" in opened)) throw failed("the handle is a file's");
    return opened;
  }

  async close(handle: Buffer): Promise<void> {
    const opened = this.#find(handle);
    this.#open.delete(handle.readUInt32BE());
    this.#connection.stats.openHandles -= 1;
    if (!("names" in opened)) await opened.close();
  }

  /** Closes what the client left open; an upload is kept as far as it came. */
  async closeAll(): Promise<void> {
    const left = [...this.#open.values()];
    this.#open.clear();
    const files = left.flatMap((opened) => ("names" in opened ? [] : [opened]));
    await Promise.allSettled(files.map((file) => file.close()));
    this.#connection.stats.openHandles -= left.length;
  }

  #find(handle: Buffer): OpenFile | OpenFolder {
    const opened = handle.length === 4 ? this.#open.get(handle.readUInt32BE()) : undefined;
    if (!opened) throw failed("there is no such handle");
    return opened;
  }
}
