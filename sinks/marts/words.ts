/** Expressions that several marts have: what they mean must not depend on the time zone of whoever asks. */

/** SQL of the UTC day of a TIMESTAMPTZ. AT TIME ZONE 'UTC' says the same, and takes twenty times as long. */
export const utcDay = (time: string): string => `make_timestamp(epoch_us(${time}))::DATE`;

/** SQL of an interval of so many days of 24 hours: INTERVAL 1 DAY is 23 or 25 of them where the clocks change. */
export const days = (count: number): string => `INTERVAL ${count * 24} HOUR`;

/** SQL of a text without blanks around it; NULL where nothing is left. DuckDB's trim() takes longer than all else that is done with a key, and nearly no text has use for it: one that has a blank, or characters beside ASCII. */
export const trimmed = (value: string): string =>
  `CASE WHEN contains(${value}, ' ') OR strlen(${value}) > length(${value}) THEN nullif(trim(${value}), '') ELSE nullif(${value}, '') END`;

/** SQL of a currency as it is compared: in capitals; NULL where it is empty. */
export const currencyOf = (column: string): string => `upper(${trimmed(column)})`;
