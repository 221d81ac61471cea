import { FORMATS } from "./query-output.ts";

/** How `query` and `shell` print a result. */
export const RESULT_OPTIONS = {
  format: { type: "string", value: "FORMAT", choices: FORMATS, help: `${FORMATS.join(", ")}; table by default` },
  timezone: { type: "string", value: "ZONE", help: "the zone of times, such as Europe/Berlin; UTC by default" },
} as const;
