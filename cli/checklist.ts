/** Tests that build on each other: one whose ground failed is skipped. */
import { isSignalhouseError } from "../schemas/errors.ts";

export interface Check {
  name: string;
  /** `look`: it works, and wants a look. */
  status: "ok" | "look" | "failed" | "skipped";
  detail: string;
  /** What to do; of one that failed or wants a look. */
  fix?: string;
  /** The error code of a failed one. */
  code?: string;
}

/** What a test found: a value that others build on, where it went well. */
export interface Finding<T> {
  name: string;
  ok: boolean;
  value?: T;
}

type ValuesOf<F extends readonly Finding<unknown>[]> = { [I in keyof F]: F[I] extends Finding<infer T> ? T : never };

export class Checklist {
  readonly checks: Check[] = [];

  get failed(): number {
    return this.#count("failed");
  }

  /** How many want a look. */
  get looks(): number {
    return this.#count("look");
  }

  #count(wanted: Check["status"]): number {
    return this.checks.filter(({ status }) => status === wanted).length;
  }

  /**
   * Runs a test, unless one of those that it needs did not go well.
   * @param test gets their values; an expected failure is noted, anything else is thrown on. With `look`, which is what to do, it went well and wants a look
   */
  async check<T, const F extends readonly Finding<unknown>[]>(
    name: string,
    needs: F,
    test: (...values: ValuesOf<F>) => Promise<{ detail: string; value: T; look?: string | undefined }>,
  ): Promise<Finding<T>> {
    const missing = needs.find(({ ok }) => !ok);
    if (missing) {
      this.checks.push({ name, status: "skipped", detail: `needs: ${missing.name}` });
      return { name, ok: false };
    }
    try {
      const { detail, value, look } = await test(...(needs.map((need) => need.value) as ValuesOf<F>));
      this.checks.push({ name, detail, ...(look === undefined ? { status: "ok" } : { status: "look", fix: look }) });
      return { name, ok: true, value };
    } catch (error) {
      if (!isSignalhouseError(error) || error.code === "interrupted") throw error;
      this.checks.push({ name, status: "failed", detail: error.message, fix: error.hint, code: error.code });
      return { name, ok: false };
    }
  }

  /** Notes something that is not needed, and not there. */
  leaveOut(name: string, detail: string): void {
    this.checks.push({ name, status: "skipped", detail });
  }

  lines(): string[] {
    const width = Math.max(...this.checks.map(({ name }) => name.length));
    return this.checks.flatMap(({ name, status, detail, fix }) => {
      const line = `${status.padEnd(7)}  ${name.padEnd(width)}  ${detail}`;
      return fix === undefined ? [line] : [line, `${" ".repeat(width + 11)}-> ${fix}`];
    });
  }
}
