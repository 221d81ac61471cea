import { oneLine } from "./characters.ts";

/**
 * Every expected failure of signalhouse, by code. The code is public: scripts may rely on it, docs/errors.md lists it.
 * `retryable` says whether the next run may succeed without anybody changing anything.
 */
export const ERROR_CODES = {
  usage: { title: "The command line is not understood", retryable: false },
  config_invalid: { title: "The configuration is missing or wrong", retryable: false },
  user_name_invalid: { title: "The SFTP user name cannot be used with Connect", retryable: false },
  key_unreadable: { title: "The private key cannot be read", retryable: false },
  key_file_open: { title: "The private key can be read by other users", retryable: false },
  key_passphrase: { title: "The private key needs a passphrase, or the one given is wrong", retryable: false },
  host_unreachable: { title: "The SFTP server cannot be reached", retryable: true },
  host_key_unknown: { title: "The server's host key is not trusted yet", retryable: false },
  host_key_changed: { title: "The server's host key is not the one that is trusted", retryable: false },
  login_refused: { title: "The server refused the login", retryable: false },
  connection_lost: { title: "The connection was lost and could not be taken up again", retryable: true },
  server_stalled: { title: "The server stopped answering", retryable: true },
  server_unfit: { title: "The server does not offer what signalhouse needs", retryable: false },
  sftp_failed: { title: "The server refused an SFTP request", retryable: true },
  api_key_missing: { title: "There is no API key", retryable: false },
  api_key_file_open: { title: "The file with the API key can be read by other users", retryable: false },
  api_key_refused: { title: "Connect refused the API key", retryable: false },
  api_unreachable: { title: "Connect's API cannot be reached", retryable: true },
  api_failed: { title: "Connect's API did not give a proper answer", retryable: true },
  api_busy: { title: "Connect was asked too often", retryable: true },
  api_refused: { title: "Connect refused a request", retryable: false },
  export_unanswered: { title: "It is not known whether Connect took the export", retryable: true },
  export_name_taken: { title: "There is a job of this name already", retryable: false },
  quota_used_up: { title: "Connect's daily limits are reached", retryable: true },
  export_late: { title: "The export has not arrived in time", retryable: true },
  export_failed: { title: "Connect could not make the export", retryable: false },
  upload_failed: { title: "The uploaded file is not whole", retryable: true },
  refset_invalid: { title: "The reference set breaks a rule of Connect", retryable: false },
  refset_ambiguous: { title: "There are several reference sets of this name", retryable: false },
  import_unanswered: { title: "It is not known whether Connect took the import", retryable: true },
  import_failed: { title: "Connect could not import the file", retryable: false },
  import_late: { title: "The import has not ended in time", retryable: true },
  import_under_way: { title: "Another process is pushing this reference set", retryable: true },
  folder_missing: { title: "A folder is not on the server", retryable: false },
  file_missing: { title: "A file is not there (any more)", retryable: true },
  file_changed: { title: "The file changed while it was being read", retryable: true },
  file_empty: { title: "The file has no bytes", retryable: true },
  gzip_truncated: { title: "The gzip file ends too early", retryable: true },
  gzip_corrupt: { title: "The gzip file is damaged", retryable: true },
  gzip_bomb: { title: "The gzip file expands beyond the limit", retryable: false },
  not_an_export: { title: "The file is not a signal export", retryable: false },
  header_missing: { title: "The file has no header row that can be used", retryable: false },
  too_many_columns: { title: "The file has more contact attributes than the limit", retryable: false },
  record_too_large: { title: "A record is larger than the limit", retryable: false },
  warehouse_locked: { title: "Another process holds the warehouse", retryable: true },
  warehouse_missing: { title: "There is no warehouse yet", retryable: false },
  warehouse_newer: { title: "The warehouse was written by a newer version", retryable: false },
  warehouse_older: { title: "The warehouse was written by an older version", retryable: false },
  warehouse_damaged: { title: "The warehouse's file is damaged", retryable: false },
  warehouse_key: { title: "The warehouse is encrypted, and its key is not there, or another one", retryable: false },
  warehouse_not_encrypted: { title: "A key is given, but the warehouse is not encrypted", retryable: false },
  extension_missing: { title: "DuckDB's extension for encryption is not there", retryable: false },
  warehouse_failed: { title: "DuckDB could not open or write the warehouse", retryable: true },
  publish_failed: { title: "The published copy cannot be written there", retryable: false },
  publish_under_way: { title: "Another process is publishing to this folder", retryable: true },
  disk_full: { title: "There is no room left on the disk", retryable: true },
  out_of_memory: { title: "DuckDB needs more memory than limits.memory allows", retryable: false },
  query_failed: { title: "The SQL statement failed", retryable: false },
  not_found: { title: "There is no such thing in the warehouse", retryable: false },
  port_taken: { title: "Another program listens on the port", retryable: true },
  too_many_files: { title: "The process may open no more files", retryable: true },
  bug: { title: "Something that signalhouse did not expect", retryable: false },
  interrupted: { title: "Interrupted", retryable: true },
} as const satisfies Record<string, { title: string; retryable: boolean }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Room for two long paths and a server's words. */
const MOST_CHARACTERS = 4000;

/**
 * An expected failure: something a user can act on. Anything else that is thrown is a bug and is printed as one.
 * `message` says what happened and where, `hint` what to do next; neither ever holds a secret. Each is one line of at most 4,000 characters, whatever a
 * server, a file's name or a library has put into it: control characters, and what turns text round, are shown as escapes.
 */
export class SignalhouseError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, hint: string, cause?: unknown) {
    super(oneLine(message, MOST_CHARACTERS), cause === undefined ? undefined : { cause });
    this.name = "SignalhouseError";
    this.code = code;
    this.hint = oneLine(hint, MOST_CHARACTERS);
  }

  /** Whether the next run may succeed without anybody changing anything. */
  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }
}

/** Whether `error` is an expected failure, and of one of `codes` where some are given. */
export function isSignalhouseError(error: unknown, ...codes: ErrorCode[]): error is SignalhouseError {
  return error instanceof SignalhouseError && (codes.length === 0 || codes.includes(error.code));
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
