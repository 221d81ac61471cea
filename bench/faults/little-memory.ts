/** Processes that may have so much memory together and no more: a cgroup of their own, of either version. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = "/sys/fs/cgroup";

/** The folder in which a group can be made, and its file for the limit; undefined where this user may make none. */
function findPlace(): { folder: string; limit: string } | undefined {
  if (existsSync(join(ROOT, "cgroup.controllers"))) {
    const given = readFileSync(join(ROOT, "cgroup.subtree_control"), "utf8").split(/\s+/);
    return given.includes("memory") ? { folder: ROOT, limit: "memory.max" } : undefined;
  }
  const own = /^\d+:memory:(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1];
  return own === undefined ? undefined : { folder: join(ROOT, "memory", own), limit: "memory.limit_in_bytes" };
}

/** A group. Whoever made it removes it, when its processes have ended. */
export class Group {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @returns undefined where this user, or this machine, has no such thing */
  static make(name: string, bytes: number): Group | undefined {
    try {
      const place = findPlace();
      if (!place) return undefined;
      const group = new Group(join(place.folder, name));
      mkdirSync(group.#folder);
      try {
        writeFileSync(join(group.#folder, place.limit), String(bytes));
      } catch (error) {
        group.remove();
        throw error;
      }
      return group;
    } catch {
      return undefined;
    }
  }

  /** What makes itself a process of the group, and then into the command behind it. */
  get through(): string[] {
    return ["sh", "-c", `echo $$ > '${join(this.#folder, "cgroup.procs")}' && exec "$@"`, "sh"];
  }

  remove(): void {
    rmdirSync(this.#folder);
  }
}
