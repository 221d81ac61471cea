/** The tables of the schema `signalhouse`, as data: what was loaded, asked for and refused. */

/** A table of the ledger. */
export interface LedgerTable {
  /** What its rows are. */
  about: string;
  /** By name: the DuckDB type, and what the column says. */
  columns: Readonly<Record<string, readonly [type: string, about: string]>>;
}

/** In the order in which they are made. */
export const LEDGER_TABLES = {
  meta: {
    about: "One row: which version of the tables this is.",
    columns: {
      schema_version: ["INTEGER NOT NULL", "Version of these tables."],
      written_by: ["VARCHAR NOT NULL", "Version of signalhouse that made or migrated them."],
      changed_at: ["TIMESTAMPTZ NOT NULL", "When it did."],
      views: ["JSON", "The views that it has made: name and hash of each."],
      marts: ["JSON", "How the marts are made: which contact attributes say who somebody is, and how long a click earns orders."],
      privacy: [
        "JSON",
        "What holds for all that is in the warehouse: the contact attributes and content fields that were left out or have pseudonyms, and what tells their key from another one; null where nothing ever was.",
      ],
      comments: ["VARCHAR", "Hash of the descriptions that stand in the warehouse as comments; null where they are to be written."],
      seals: ["VARCHAR", "What seals are made by: where that is another one, everything is sealed anew."],
    },
  },
  runs: {
    about: "One row for each run of a command that writes, and for each cycle of `watch` that loads something or in which something fails.",
    columns: {
      run_id: ["BIGINT NOT NULL", "Number of the run."],
      command: ["VARCHAR NOT NULL", "The command: `sync`, `watch`, `load`, `export`, …; `syncExports` from the library."],
      version: ["VARCHAR NOT NULL", "Version of signalhouse."],
      started_at: ["TIMESTAMPTZ NOT NULL", "When the run began."],
      finished_at: ["TIMESTAMPTZ", "When it ended; null where it still runs or was killed."],
      exit_code: ["INTEGER", "How it ended, as the exit code of its command; null where it still runs or was killed."],
      error: ["VARCHAR", "What ended it early; null where nothing did."],
    },
  },
  loads: {
    about: "One row for each file. A file that fails has one row, that of its last attempt, and none once it is loaded.",
    columns: {
      load_id: ["BIGINT NOT NULL", "Number of the load."],
      path: [
        "VARCHAR NOT NULL",
        "The file: on the server relative to the subscription's folder, on this machine absolute; `stdin` for standard input.",
      ],
      size_bytes: ["BIGINT", "Bytes of the file as received."],
      mtime: ["TIMESTAMPTZ", "When the export was written. Of overlapping exports the later one wins."],
      sha256: ["VARCHAR", "Hash of the bytes received, in hex; null where the load failed."],
      records: ["BIGINT NOT NULL", "Data records in the file. Always inserted + updated + unchanged + rejected + suppressed."],
      inserted: ["BIGINT NOT NULL", "Signals that were new."],
      updated: ["BIGINT NOT NULL", "Signals that this file changed."],
      unchanged: ["BIGINT NOT NULL", "Records that said nothing new."],
      rejected: ["BIGINT NOT NULL", "Records that became rejects."],
      status: [
        "VARCHAR NOT NULL",
        "`loaded`, `duplicate` (the same bytes as another file that is as late or later: nothing to do), `failed`, `dismissed` (failed, and not tried again until it changes: `loads forget`), or `mended`: no file, but what `verify --mend` took out.",
      ],
      started_at: ["TIMESTAMPTZ NOT NULL", "When reading began."],
      finished_at: ["TIMESTAMPTZ", "When it was committed, or failed."],
      error: ["VARCHAR", "What went wrong; for a duplicate, of which file it is one."],
      error_code: ["VARCHAR", "Error code of a failed load; null for all others."],
      run_id: ["BIGINT", "The run, see signalhouse.runs; null where there was none."],
      header: ["VARCHAR[]", "The file's header row, as it stands there."],
      row_path_records: ["BIGINT", "How many of the records were read one by one: the fewer, the quicker."],
      order_items: ["BIGINT", "How many rows order_items has more by this load; negative where it took more away."],
      later_headers: [
        "JSON",
        'Header rows behind the first one that have other columns: `[{"after": 2, "names": […]}]` holds for the records behind record 2; null where there are none.',
      ],
      suppressed: [
        "BIGINT",
        "Records that were left out, as they are of somebody who was forgotten; null, which is none, of loads by older versions.",
      ],
    },
  },
  rejects: {
    about: "Rows that could not become records, whole.",
    columns: {
      load_id: ["BIGINT NOT NULL", "The load, see signalhouse.loads."],
      record_no: ["BIGINT NOT NULL", "Number of the record in its file, from 1."],
      code: ["VARCHAR NOT NULL", "Reject code: what kind of fault it is, for example `content_not_json`."],
      reason: ["VARCHAR NOT NULL", "What is wrong with this row."],
      raw: [
        "VARCHAR NOT NULL",
        "The row as it came, whole; bytes that are not UTF-8 read as U+FFFD. Without what privacy lists; empty where that could not be told apart in it.",
      ],
      raw_bytes: ["BLOB", "The row's bytes; null where raw says them exactly."],
      replayed_at: ["TIMESTAMPTZ", "When `rejects replay` loaded it; null until then."],
    },
  },
  drift: {
    about: "What the data has and the schema does not know, counted per load, signal type, field and reason.",
    columns: {
      load_id: ["BIGINT NOT NULL", "The load, see signalhouse.loads."],
      signal_type: ["VARCHAR NOT NULL", "The signal type."],
      field: ["VARCHAR NOT NULL", "Where it is: a header, a content field, `orderedItems[].field`, or SIGNAL_TYPE."],
      reason: ["VARCHAR NOT NULL", "Drift reason, for example `unknown field`."],
      records: ["BIGINT NOT NULL", "Records of the load that have it."],
      first_record_no: ["BIGINT NOT NULL", "The first of these records."],
    },
  },
  schema_changes: {
    about: "Contact columns that loads have added.",
    columns: {
      load_id: ["BIGINT", "The load that added the column, see signalhouse.loads."],
      table_name: ["VARCHAR NOT NULL", "The table that it was added to."],
      column_name: ["VARCHAR NOT NULL", "Name of the column."],
      column_type: ["VARCHAR NOT NULL", "Type of the column."],
      header: ["VARCHAR", "The contact attribute's header, without blanks, quotes and byte order marks around it."],
      occurrence: ["INTEGER", "Which of the columns of that header it is, from 1: more where a file has the header several times."],
      changed_at: ["TIMESTAMPTZ NOT NULL", "When it was added."],
    },
  },
  confirmations: {
    about: "Later exports that said the same of a signal as the warehouse did.",
    columns: {
      signal_type: ["VARCHAR", "The signal's type."],
      signal_key: ["VARCHAR NOT NULL", "The signal's key."],
      occurred_at: ["TIMESTAMPTZ NOT NULL", "When the signal happened."],
      load_id: ["BIGINT NOT NULL", "The load that said the same of it, see signalhouse.loads."],
      record_no: ["BIGINT NOT NULL", "Number of the record in that load's file, from 1."],
    },
  },
  changes: {
    about: "One row for each table and month that a load, replay or erasure has changed.",
    columns: {
      change_id: ["BIGINT NOT NULL", "Number of the change: whoever follows the warehouse keeps the last one seen."],
      what: [
        "VARCHAR NOT NULL",
        "`load`, `replay` (of rejects), `erasure` (`forget`), `privacy` (`privacy apply`, which counts all rows), `retention` (what was kept for as long as it may be), or `mend` (`verify --mend`).",
      ],
      load_id: ["BIGINT", "The load whose rows were written; null where none were."],
      table_name: ["VARCHAR NOT NULL", "The table."],
      month: ["DATE NOT NULL", "The first day of the month (UTC) of occurred_at."],
      rows: ["BIGINT NOT NULL", "Rows that were written, and rows that were taken out: a row that was changed counts twice, as it was and as it is."],
      changed_at: ["TIMESTAMPTZ NOT NULL", "When its transaction began."],
    },
  },
  jobs: {
    about: "What Connect was asked for.",
    columns: {
      job_id: ["VARCHAR", "Connect's id of the job; null until it is known."],
      kind: ["VARCHAR NOT NULL", "`export` or `import`."],
      name: ["VARCHAR NOT NULL", "The job's name, which is unique."],
      status: [
        "VARCHAR NOT NULL",
        "`postponed` to another day; `asking`: written down, Connect has perhaps been asked; `asked`: Connect took it; `arrived`: its file is there and whole; `loaded`; `failed`. An import: `uploading` its file; `asking`; `asked`; `imported`; `failed`.",
      ],
      path: ["VARCHAR", "The file, relative to the subscription's folder: as Connect answered, and once it was found, as it is."],
      request: ["JSON", "What was asked for."],
      asked_at: ["TIMESTAMPTZ NOT NULL", "When it was first asked for, or else written down."],
      finished_at: ["TIMESTAMPTZ", "When it ended; null until then."],
      error: ["VARCHAR", "What went wrong last."],
      signal_types: ["VARCHAR[]", "Of an export: the signal types that it has."],
      window_start: ["TIMESTAMPTZ", "Of an export: the first moment of the window that it is to cover, without margins."],
      window_end: ["TIMESTAMPTZ", "The end of that window, which is no part of it."],
      expected_rows: ["BIGINT", "Rows that were expected, for the day's limits."],
      size_bytes: ["BIGINT", "Bytes of the file."],
      load_id: ["BIGINT", "The load that brought it, see signalhouse.loads; null until then."],
      not_before: ["TIMESTAMPTZ", "Where it was put off: until when; where it was asked for again: when it may be the next time."],
      refused_at: ["TIMESTAMPTZ", "When Connect said that the day's limits are reached; null where it did not."],
      set_name: ["VARCHAR", "Of an import: the reference set."],
    },
  },
  refset_rows: {
    about: "The rows of reference sets as they were pushed last, for `refset push --changed`.",
    columns: {
      set_name: ["VARCHAR NOT NULL", "The reference set."],
      key: ["VARCHAR NOT NULL", "The row's key; its pseudonym, where privacy lists its column."],
      row_hash: [
        "UHUGEINT NOT NULL",
        "MD5 of the row as it was sent, with the names and types of its columns; of a keyed hash of that, where privacy lists one of them.",
      ],
      job: ["VARCHAR NOT NULL", "The import that brought it: name in signalhouse.jobs."],
      pushed_at: ["TIMESTAMPTZ", "When Connect had imported it; null while that is under way."],
    },
  },
  erasures: {
    about: "What was erased, counted by erasure, table and load: with these rows the ledger's sums are proven.",
    columns: {
      erasure_id: ["BIGINT NOT NULL", "Number of the erasure."],
      kind: [
        "VARCHAR NOT NULL",
        "`forget`; `retention`: the time for which it may be kept was over; or `privacy`: `privacy apply`, which erases values, and no rows.",
      ],
      erased_at: ["TIMESTAMPTZ NOT NULL", "When its transaction began."],
      run_id: ["BIGINT", "The run, see signalhouse.runs; null where there was none."],
      table_name: ["VARCHAR", "The table; null in an erasure that found nothing."],
      load_id: ["BIGINT", "The load that had written the rows, see signalhouse.loads."],
      rows: ["BIGINT NOT NULL", "Rows that were erased; of signalhouse.rejects those that were not replayed."],
      rewritten_at: ["TIMESTAMPTZ", "When the warehouse's file was written anew, so that nothing is left of them in it; null until then."],
    },
  },
  suppressions: {
    about:
      "What later loads leave out, as keyed hashes: nobody can tell from these who was forgotten, but whoever has the key can tell whether somebody was.",
    columns: {
      erasure_id: ["BIGINT NOT NULL", "The erasure, see signalhouse.erasures."],
      what: [
        "VARCHAR NOT NULL",
        "What is hashed: `key`, a value of a contact attribute; `session` and `click`, by which signals without such a value are somebody's; or `signal`, a single one.",
      ],
      name: ["VARCHAR", "Of a key: the header of the attribute."],
      hash: ["VARCHAR NOT NULL", "HMAC-SHA256 of it, the first 32 hexadecimal digits."],
      key: ["VARCHAR NOT NULL", "What tells the key of the hashes from another one, and nothing about it."],
    },
  },
  seals: {
    about:
      "What each load has written into each table, by number and by a sum of hashes, and what was taken out of it again: `verify` compares the sums with the rows.",
    columns: {
      load_id: ["BIGINT", "The load whose rows they are, see signalhouse.loads."],
      table_name: ["VARCHAR NOT NULL", "The table."],
      rows: ["BIGINT NOT NULL", "How many rows were written; negative where they were taken out."],
      hashes: ["DECIMAL(38,0) NOT NULL", "Sum of their hashes; taken off where they were taken out."],
    },
  },
} as const satisfies Record<string, LedgerTable>;

/** What became of a file: "dismissed" has failed and is not tried again until it changes; "mended" is none, but what `verify --mend` took out. */
export type LoadStatus = "loaded" | "duplicate" | "failed" | "dismissed" | "mended";
