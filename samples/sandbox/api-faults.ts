/** What can be made to go wrong in the sandbox's API, at any time while it runs. */

/** A number is how many of the next requests that it concerns go wrong; each of them counts it down. */
export interface ApiFaults {
  /** A mutation is taken, then the gateway answers 504. */
  timeOutAfterAccepting: number;
  /** A mutation is taken and never answered. */
  hangAfterAccepting: number;
  /** A mutation is taken, and the answer has what was asked for and errors beside it. */
  errorsBesideData: number;
  /** A mutation is taken, and the answer has errors only, which say that its execution timed out. */
  errorsAfterAccepting: number;
  /** Any request is worked off; the answer stops in the middle of its body, for ever. */
  hangInBody: number;
  /** Any request: answered 429 with Retry-After, nothing is done. */
  tooManyRequests: number;
  /** Any request: answered 503, nothing is done. */
  serverErrors: number;
  /** Any request: answered 200 with a page of HTML, nothing is done. */
  malformed: number;
  /** An export is taken, but its file never comes: its job runs on and on. */
  neverArrives: number;
  /** An export is taken, then its job fails: there is no file. */
  failJobs: number;
  /** The file of an export has no bytes. */
  emptyFiles: number;
  /** An import is taken, then fails with `importError`: nothing is imported, and the file stays. */
  failImports: number;
  importError: "S3_FILE_METADATA_FAILED" | "INPUT_VALIDATION_FAILED";
  /** An import is taken, and never ends. */
  importsNeverEnd: number;
  /** An import ends well, but its last row is not there. */
  dropsRows: number;
  /** Exports are refused for the day, whatever was used. */
  refuseForTheDay: boolean;
  /** The schema has no `dataJob`. */
  noDataJob: boolean;
  /** Every request is worked off later by so many milliseconds. */
  latencyMs: number;
}

/** A sandbox in which nothing goes wrong. */
export const noApiFaults = (): ApiFaults => ({
  timeOutAfterAccepting: 0,
  hangAfterAccepting: 0,
  errorsBesideData: 0,
  errorsAfterAccepting: 0,
  hangInBody: 0,
  tooManyRequests: 0,
  serverErrors: 0,
  malformed: 0,
  neverArrives: 0,
  failJobs: 0,
  emptyFiles: 0,
  failImports: 0,
  importError: "INPUT_VALIDATION_FAILED",
  importsNeverEnd: 0,
  dropsRows: 0,
  refuseForTheDay: false,
  noDataJob: false,
  latencyMs: 0,
});

type CountedFault = Exclude<{ [F in keyof ApiFaults]: ApiFaults[F] extends number ? F : never }[keyof ApiFaults], "latencyMs">;

/** Whether it is to go wrong now; counts it down. */
export function strikes(faults: ApiFaults, fault: CountedFault): boolean {
  if (faults[fault] <= 0) return false;
  faults[fault] -= 1;
  return true;
}
