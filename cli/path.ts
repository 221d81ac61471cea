/** How a command that loads is to read. */
import { type Path, PATHS } from "../pipeline/load-files.ts";
import { oneOf } from "./command.ts";

export const PATH_OPTION = {
  path: {
    type: "string",
    value: "PATH",
    help: "how records are read: vector, plain ones by DuckDB, many at a time, is the default; row, all of them one by one; both mean the same",
  },
} as const;

export const pathOf = ({ path }: { path?: string }): Path | undefined => (path === undefined ? undefined : oneOf("--path", path, PATHS));
