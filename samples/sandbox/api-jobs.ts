/** The exports that the sandbox's API took: what they used of the day, and how their files come. */
import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import type { DailyLimits } from "../../schemas/connect.ts";
import { generateWindow } from "../generator/window.ts";
import { checkArguments, type Wanted } from "./api-checks.ts";
import { type ApiFaults, strikes } from "./api-faults.ts";
import { ExportFiles } from "./api-files.ts";
import { type ExportArguments, refuse } from "./api-schema.ts";
import { failed, refusalOf } from "./refusal.ts";
import type { Works } from "./works.ts";

/** An export that was taken. Times are in milliseconds since 1970, by the sandbox's clock. */
export interface SandboxJob {
  readonly id: string;
  readonly name: string;
  readonly request: ExportArguments;
  /** As it was answered: the file has ".gz" behind it. */
  readonly path: string;
  readonly acceptedAt: number;
  status: "RUNNING" | "COMPLETED" | "FAILED";
  endedAt: number | undefined;
  /** Why it failed. */
  error: string | undefined;
  /** What it counts in its day's limits: 0 until its file is made. */
  rows: number;
  bytes: number;
}

export interface JobsOptions {
  /** The served folder's real path. */
  root: string;
  seed: number;
  rowsPerDay: number;
  limits: DailyLimits;
  /** Where exports are made, some time after they were taken. */
  works: Works;
  /** Milliseconds since 1970. */
  now: () => number;
  faults: ApiFaults;
}

const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);

export class Jobs {
  readonly all: SandboxJob[] = [];
  readonly #options: JobsOptions;
  readonly #files: ExportFiles;

  constructor(options: JobsOptions) {
    this.#options = options;
    this.#files = new ExportFiles(options.root);
  }

  /** Takes an export; its file comes later. @throws GraphQLError where Connect would refuse it */
  async accept(request: ExportArguments): Promise<SandboxJob> {
    const wanted = checkArguments(request);
    const id = randomUUID();
    const acceptedAt = this.#options.now();
    const { parentFolder, namingPrefix, path: ownPath } = wanted.target;
    const name = namingPrefix || parentFolder ? `${namingPrefix ?? ""}Signals_Export` : `Signals_Export_${id.slice(0, 8)}`;
    const path = ownPath ?? `${parentFolder || `Export/Signals/${dayOf(acceptedAt)}`}/${name}.csv`;
    const isThere = ownPath && (await this.#files.has(`${path}.gz`));

    // Nothing is awaited from here on, so that of two requests at the same time one is seen by the other.
    const { jobName } = request;
    if (this.all.some((job) => job.name === jobName)) throw refuse("JOB_NAME_NOT_UNIQUE", `Job name "${jobName}" already exists`);
    if (isThere || (ownPath && this.all.some((job) => job.path === path))) throw refuse("PATH_NOT_UNIQUE", `There is a file ${path} already`);
    this.#checkLimits(acceptedAt);
    const job: SandboxJob = {
      id,
      name: jobName,
      request,
      path,
      acceptedAt,
      status: "RUNNING",
      endedAt: undefined,
      error: undefined,
      rows: 0,
      bytes: 0,
    };
    this.all.push(job);
    if (!strikes(this.#options.faults, "neverArrives")) this.#begin(job, wanted);
    return job;
  }

  /** To be called when no export is being made. */
  close(): Promise<void> {
    return this.#files.close();
  }

  /** Source: vendor page "Export signals from Connect", section "Daily usage limits". */
  #checkLimits(now: number): void {
    const { limits, faults } = this.#options;
    const jobs = this.all.filter(({ acceptedAt }) => dayOf(acceptedAt) === dayOf(now));
    const sum = (count: (job: SandboxJob) => number) => jobs.reduce((total, job) => total + count(job), 0);
    const used: DailyLimits = { jobs: jobs.length, rows: sum(({ rows }) => rows), bytes: sum(({ bytes }) => bytes) };
    const reached = (Object.keys(used) as (keyof DailyLimits)[]).find((limit) => used[limit] >= limits[limit]);
    if (reached) throw refuse("DAILY_LIMIT_REACHED", `Daily export limit reached: ${used[reached]} of ${limits[reached]} ${reached}`);
    if (faults.refuseForTheDay) throw refuse("DAILY_LIMIT_REACHED", "Daily export limit reached: no more exports today");
  }

  #begin(job: SandboxJob, wanted: Wanted): void {
    const { faults, works, now } = this.#options;
    const fault = strikes(faults, "failJobs") ? "fails" : strikes(faults, "emptyFiles") ? "empty" : undefined;
    const make = async (): Promise<void> => {
      try {
        if (fault === "fails") throw failed("The export could not be made");
        await this.#makeFile(job, wanted, fault === "empty");
        job.status = "COMPLETED";
      } catch (error) {
        job.status = "FAILED";
        job.error = refusalOf(error).message;
      }
      job.endedAt = now();
    };
    works.begin(make);
  }

  async #makeFile(job: SandboxJob, { signalTypes, start, end }: Wanted, empty: boolean): Promise<void> {
    const { seed, rowsPerDay, now } = this.#options;
    let rows = 0;
    const write = async (out: string): Promise<void> => {
      if (empty) await writeFile(out, "");
      else rows = (await generateWindow({ seed, rowsPerDay, signalTypes, start, end, out })).records;
    };
    job.bytes = await this.#files.put(`${job.path}.gz`, job.id, write, now());
    job.rows = rows;
  }
}
