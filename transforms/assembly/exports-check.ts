/** Holds exports.ts to what index.ts exports: only the type checker reads this. */
import { Exports } from "./exports.ts";
import * as index from "./index.ts";

/** What is called, with variables as their values. */
type Called = {
  [Name in keyof Exports as Name extends "memory" ? never : Name]: Exports[Name] extends { value: infer Value } ? Value : Exports[Name];
};

/** How many parameters each function has: one with fewer could be called as if it had more. */
type Counts<Functions> = { [Name in keyof Functions]: Functions[Name] extends (...all: infer All) => unknown ? All["length"] : 0 };

index satisfies Called;
null! as Counts<Called> satisfies Counts<typeof index>;
