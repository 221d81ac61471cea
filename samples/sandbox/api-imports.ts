/** The imports that the sandbox's API took, and the sets that they make. */
import { randomUUID } from "node:crypto";
import { unlink } from "node:fs/promises";
import { type ApiFaults, strikes } from "./api-faults.ts";
import { checkImport, type ImportArguments } from "./api-import-checks.ts";
import { ImportFault, placeOf, readRows } from "./api-import-file.ts";
import { newSet, type SandboxAttribute, type SandboxSet } from "./api-sets.ts";
import { refusalOf } from "./refusal.ts";
import type { Works } from "./works.ts";

/** An import that was taken. Times are in milliseconds since 1970, by the sandbox's clock. */
export interface SandboxImport {
  readonly id: string;
  readonly name: string;
  readonly request: ImportArguments;
  readonly acceptedAt: number;
  status: "RUNNING" | "COMPLETED" | "FAILED";
  endedAt: number | undefined;
  error: { code: string; message: string } | undefined;
  /** Rows of its file. */
  rows: number;
}

interface ImportsOptions {
  /** The served folder's real path. */
  root: string;
  maxReferenceSets: number;
  now: () => number;
  faults: ApiFaults;
  works: Works;
}

export class Imports {
  readonly all: SandboxImport[] = [];
  readonly sets: SandboxSet[] = [];
  readonly #options: ImportsOptions;
  /** Two imports at a time into one set would mix. */
  #last: Promise<void> = Promise.resolve();

  constructor(options: ImportsOptions) {
    this.#options = options;
  }

  /** Takes an import, which is done later. @throws GraphQLError where Connect would refuse it */
  accept(request: ImportArguments): SandboxImport {
    const { now, faults, works, maxReferenceSets } = this.#options;
    checkImport(request, this.sets, maxReferenceSets);
    const job: SandboxImport = {
      id: randomUUID(),
      name: request.jobName,
      request,
      acceptedAt: now(),
      status: "RUNNING",
      endedAt: undefined,
      error: undefined,
      rows: 0,
    };
    this.all.push(job);
    if (strikes(faults, "importsNeverEnd")) return job;
    const fault = strikes(faults, "failImports") ? new ImportFault(faults.importError) : undefined;
    const drops = strikes(faults, "dropsRows");
    works.begin(() => (this.#last = this.#last.then(() => this.#run(job, fault, drops))));
    return job;
  }

  async #run(job: SandboxImport, fault: ImportFault | undefined, drops: boolean): Promise<void> {
    try {
      if (fault) throw fault;
      await this.#import(job, drops);
      job.status = "COMPLETED";
    } catch (error) {
      job.status = "FAILED";
      job.error = error instanceof ImportFault ? error : { code: "IMPORT_FAILED", message: refusalOf(error).message };
    }
    job.endedAt = this.#options.now();
  }

  async #import(job: SandboxImport, drops: boolean): Promise<void> {
    const { request } = job;
    const place = await placeOf(this.#options.root, request.fileLocation);
    const there = this.sets.find(({ id, name }) => id === request.dataSetId || name === request.dataSetName);
    if (there && request.importType === "CREATE") throw new ImportFault("INPUT_VALIDATION_FAILED", `there is a data set "${there.name}" already`);
    const removed = (request.attributes?.remove ?? []).map(({ name }) => name);
    const kept = (there?.attributes ?? []).filter(({ name }) => !removed.includes(name));
    const created = (request.attributes?.create ?? []).map(({ name, type, identifyAs, decimalPrecision = null }): SandboxAttribute => ({
      name,
      type,
      isKey: identifyAs?.key === true,
      decimalPrecision,
    }));
    const attributes = [...kept, ...created];
    const rows = await readRows(place, request, attributes);
    job.rows = rows.size;
    if (drops) rows.delete([...rows.keys()].at(-1) ?? "");
    const set = there ?? newSet(request.dataSetName ?? "", attributes);
    set.attributes = attributes;
    if (request.importType === "REPLACE") set.records.clear();
    for (const [key, record] of rows) set.records.set(key, new Map([...(set.records.get(key) ?? []), ...record]));
    if (!there) this.sets.push(set);
    await unlink(place);
  }
}
