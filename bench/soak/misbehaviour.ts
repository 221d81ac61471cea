/** What goes wrong at random with the server, the API and the ways to both. */
import { setTimeout as wait } from "node:timers/promises";
import type { Random } from "../../samples/generator/random.ts";
import type { Sandbox, SandboxApi } from "../../samples/sandbox/sandbox.ts";
import { type Gateway, WRONG } from "./gateway.ts";
import type { Happenings } from "./happenings.ts";
import type { Wire } from "./wire.ts";

/** Where things go wrong. */
export interface Edges {
  sandbox: Sandbox;
  api: SandboxApi;
  sftpWire: Wire;
  apiWire: Wire;
  gateway: Gateway;
}

/** Jobs that are never over are asked about in every cycle for two days: some of them are enough. */
const MOST_ENDLESS_JOBS = 3;

/** Something goes wrong, for a while where it says so. What it began it ends. */
type Mishap = (edges: Edges, random: Random, pause: (least: number, most: number) => Promise<void>) => Promise<void> | void;

const MISHAPS: Record<string, Mishap> = {
  "SFTP: cut in the middle of a file": ({ sandbox }, random) => void sandbox.faults.dropAfterBytes.push(random.int(1, 100_000)),
  "SFTP: stalls in the middle of a file": async ({ sandbox }, random, pause) => {
    sandbox.faults.stallAfterBytes = random.int(1, 100_000);
    await pause(2, 12);
    sandbox.faults.stallAfterBytes = null;
  },
  "SFTP: slow answers": async ({ sandbox }, random, pause) => {
    sandbox.faults.latencyMs = random.int(50, 700);
    await pause(3, 12);
    sandbox.faults.latencyMs = 0;
  },
  "SFTP: trickles": async ({ sandbox }, random, pause) => {
    sandbox.faults.bytesPerSecond = random.int(3000, 30_000);
    await pause(3, 12);
    sandbox.faults.bytesPerSecond = 0;
  },
  "SFTP: refused logins": ({ sandbox }, random) => void (sandbox.faults.refuseLogins = random.int(1, 2)),
  "SFTP: a listing that fails": ({ sandbox }, random) => void (sandbox.faults.failListings = random.int(1, 2)),
  "SFTP: refused connections": ({ sftpWire }, random) => sftpWire.refuse(random.int(500, 6000)),
  "SFTP: all connections cut": ({ sftpWire }) => sftpWire.drop(),
  "SFTP: connections that nobody answers": async ({ sftpWire }, _random, pause) => {
    sftpWire.isDeaf = true;
    await pause(2, 8);
    sftpWire.isDeaf = false;
    sftpWire.drop();
  },
  "SFTP: cut during the login": ({ sftpWire }, random) => void sftpWire.cuts.push(random.int(1, 3500)),
  "SFTP: everything trickles": async ({ sftpWire }, random, pause) => {
    sftpWire.bytesPerSecond = random.int(300, 5000);
    await pause(2, 8);
    sftpWire.bytesPerSecond = 0;
  },
  "API: refused connections": ({ apiWire }, random) => apiWire.refuse(random.int(500, 6000)),
  "API: connections that nobody answers": async ({ apiWire }, _random, pause) => {
    apiWire.isDeaf = true;
    await pause(2, 8);
    apiWire.isDeaf = false;
    apiWire.drop();
  },
  "API: cut in the middle of an answer": ({ apiWire }, random) => void apiWire.cuts.push(random.int(1, 300)),
  "API: everything trickles": async ({ apiWire }, random, pause) => {
    apiWire.bytesPerSecond = random.int(10, 100);
    await pause(2, 8);
    apiWire.bytesPerSecond = 0;
  },
  "API: late answers": async ({ api }, random, pause) => {
    api.faults.latencyMs = random.int(200, 4000);
    await pause(3, 12);
    api.faults.latencyMs = 0;
  },
  "API: a job that fails": ({ api }) => void (api.faults.failJobs += 1),
  "API: a file without bytes": ({ api }) => void (api.faults.emptyFiles += 1),
  "API: a job that is never over": ({ api }) => {
    if (api.jobs.filter(({ status }) => status === "RUNNING").length < MOST_ENDLESS_JOBS) api.faults.neverArrives = 1;
  },
  "API: no more exports for the day": async ({ api }, _random, pause) => {
    api.faults.refuseForTheDay = true;
    await pause(2, 8);
    api.faults.refuseForTheDay = false;
  },
  "API: it does not know dataJob": async ({ api }, _random, pause) => {
    api.faults.noDataJob = true;
    await pause(5, 20);
    api.faults.noDataJob = false;
  },
};
const KINDS = Object.keys(MISHAPS);
const KINDS_BY_EDGE = ["SFTP", "API"].map((edge) => KINDS.filter((kind) => kind.startsWith(edge)));

export class Misbehaviour {
  readonly #edges: Edges;
  readonly #random: Random;
  readonly #happened: Happenings;
  readonly #underWay = new Set<Promise<void>>();
  readonly #closing = new AbortController();

  constructor(edges: Edges, random: Random, happened: Happenings) {
    this.#edges = edges;
    this.#random = random;
    this.#happened = happened;
  }

  /** Something goes wrong, from now on for a while. */
  strike(): void {
    const random = this.#random;
    if (random.chance(35)) return this.#answerWrongly();
    const kind = random.pick(random.pick(KINDS_BY_EDGE));
    this.#happened.count(kind);
    const pause = (least: number, most: number) =>
      wait(random.int(least * 10, most * 10) * 100, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    const mishap = Promise.resolve(MISHAPS[kind]?.(this.#edges, random, pause)).finally(() => this.#underWay.delete(mishap));
    this.#underWay.add(mishap);
  }

  /** All is well from now on. */
  async end(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#underWay);
    const { sandbox, api, sftpWire, apiWire, gateway } = this.#edges;
    Object.assign(sandbox.faults, { dropAfterBytes: [], stallAfterBytes: null, refuseLogins: 0, failListings: 0 });
    Object.assign(api.faults, { failJobs: 0, emptyFiles: 0, neverArrives: 0 });
    for (const wire of [sftpWire, apiWire]) wire.cuts = [];
    gateway.mishaps = [];
  }

  #answerWrongly(): void {
    const random = this.#random;
    const mishap = { answer: random.pick(WRONG), isTaken: random.chance(50) };
    this.#happened.count(`API: ${mishap.answer}${mishap.isTaken ? ", after Connect took the request" : ""}`);
    this.#edges.gateway.mishaps.push(mishap);
  }
}
