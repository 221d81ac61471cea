import type { Stats } from "node:fs";

/** Whether something in the file system is this user's; on Windows, which numbers no users, all is. */
export const isOwn = ({ uid }: Pick<Stats, "uid">): boolean => uid === (process.geteuid?.() ?? uid);
