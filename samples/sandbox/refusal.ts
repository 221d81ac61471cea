/** How the sandbox says no: an SFTP status in place of an answer. */
import ssh2 from "ssh2";

export const { STATUS_CODE } = ssh2.utils.sftp;

/** Thrown by any part of the sandbox, answered to the client as `status`. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function noSuchFile(path: string): Refusal {
  return new Refusal(STATUS_CODE.NO_SUCH_FILE, `${path}: no such file`);
}

export function denied(path: string): Refusal {
  return new Refusal(STATUS_CODE.PERMISSION_DENIED, `${path}: permission denied`);
}

export function failed(message: string): Refusal {
  return new Refusal(STATUS_CODE.FAILURE, message);
}

export function unsupported(what: string): Refusal {
  return new Refusal(STATUS_CODE.OP_UNSUPPORTED, `${what} is not supported on S3`);
}

const STATUS_BY_ERRNO: Record<string, number> = {
  ENOENT: STATUS_CODE.NO_SUCH_FILE,
  ENOTDIR: STATUS_CODE.NO_SUCH_FILE,
  ELOOP: STATUS_CODE.NO_SUCH_FILE,
  EACCES: STATUS_CODE.PERMISSION_DENIED,
  EPERM: STATUS_CODE.PERMISSION_DENIED,
};

/** What a client may learn of `error`: a refusal as it is, a file system's failure without the path on this disk. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  return new Refusal(STATUS_BY_ERRNO[code] ?? STATUS_CODE.FAILURE, `failed (${code})`);
}
