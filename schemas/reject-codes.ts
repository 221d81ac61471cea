/**
 * Why a row could not become a record. A reject is data: the row is kept whole in signalhouse.rejects, with one of these.
 * A row is rejected only when it cannot be told what it is; a value that does not fit never costs a row.
 */
export const REJECT_CODES = {
  csv_broken: "The row is not valid CSV: its quotes do not pair up",
  field_count: "The row has more or fewer fields than the header",
  record_too_large: "The row is larger than limits.maxRecordBytes",
  content_not_json: "SIGNAL_CONTENT is not a JSON object",
  no_signal_type: "Neither SIGNAL_TYPE nor SIGNAL_CONTENT names a signal type",
  no_timestamp: "No column and no content field has a usable timestamp",
} as const;

export type RejectCode = keyof typeof REJECT_CODES;
