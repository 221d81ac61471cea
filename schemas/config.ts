/** The configuration: what a user may write in signalhouse.config.json, with defaults. Secrets never stand in it. */
import { z } from "zod";
import { SignalhouseError } from "./errors.ts";
import { readShape } from "./faults.ts";
import { MOST_CONTACT_COLUMNS } from "./header.ts";
import { cleanName } from "./names.ts";
import { listedAs, PRIVACY_ACTIONS, type PrivacyAction, whyNotColumn, whyNotField } from "./privacy.ts";
import { knownSignalType } from "./signal-types.ts";
import { type MartWishes, WINDOW_DAYS } from "./marts.ts";

/**
 * SFTP host and GraphQL endpoint by region. Sources: vendor pages "Export signals from Connect", section "SFTP hosts by region", and "Using the
 * Connect API". The third endpoint is ap-3 where one would expect ap-2.
 */
export const REGIONS = {
  "us-east-1": {
    sftp: "s-acca2da9ec374c47b.server.transfer.us-east-1.amazonaws.com",
    api: "https://connect-gql-us-1.goacoustic.com",
  },
  "eu-central-1": {
    sftp: "s-0f495b8f35324396a.server.transfer.eu-central-1.amazonaws.com",
    api: "https://connect-gql-eu-1.goacoustic.com",
  },
  "ap-southeast-2": {
    sftp: "s-9596192dde684690a.server.transfer.ap-southeast-2.amazonaws.com",
    api: "https://connect-gql-ap-3.goacoustic.com",
  },
} as const;

type Region = keyof typeof REGIONS;

const regionNames = Object.keys(REGIONS) as [Region, ...Region[]];

/** A key's fingerprint as `ssh-keygen -l` prints it, as the source of a pattern. */
export const FINGERPRINT = "SHA256:[A-Za-z0-9+/]{43}=?";

const sftp = z.strictObject({
  /** Server name; by default the region's. */
  host: z.string().min(1).optional(),
  port: z.int().min(1).max(65_535).default(22),
  /** The Connect account's e-mail address. */
  user: z.string().min(1),
  /** Path of the private key; with `agent`, it may be the public half of one of the agent's. A passphrase comes from SIGNALHOUSE_KEY_PASSPHRASE. */
  keyFile: z.string().min(1).optional(),
  /** Use the ssh-agent at SSH_AUTH_SOCK. */
  agent: z.boolean().default(false),
  /** Offer no other key of the agent's than that of `keyFile`. */
  identitiesOnly: z.boolean().default(false),
  /** Pinned host keys as ssh-keygen prints them (`SHA256:…`), with or without the type before it. Where there are some, only these are trusted. */
  hostKeys: z
    .array(
      z
        .string()
        .regex(
          new RegExp(`^((ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521)) )?${FINGERPRINT}$`),
          "expected SHA256: and 43 characters, as ssh-keygen -lf prints it, with the key's type before it or not",
        ),
    )
    .default([]),
  /** known_hosts files. Where keys are pinned, they tell only which are revoked. */
  knownHosts: z.array(z.string().min(1)).default(["~/.ssh/known_hosts"]),
  /** The subscription's folder, where it is not found by itself (`sub_…`, else the landing folder). */
  root: z.string().optional(),
  /** Folders that are searched for exports, relative to the subscription's folder. */
  folders: z.array(z.string()).min(1).default(["Export/Signals"]),
  /** Seconds that one request may take before the server counts as stalled. */
  timeoutSeconds: z.number().positive().default(60),
  /** How often a lost connection is taken up again before a file fails. */
  retries: z.int().min(0).default(8),
});

/** An API key goes over the network with every request: in the clear only to this machine, as with the sandbox. A user and password in it would be told with the address. */
const endpoint = z.string().refine((text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.username || url?.password) return false;
  return url?.protocol === "https:" || (url?.protocol === "http:" && ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname));
}, "expected an https:// address without user and password");

/** What tells somebody of a failed run that nobody watches. */
const onFailure = z.strictObject({
  /** A line of shell, which gets a JSON document on standard input. */
  command: z.string().min(1).optional(),
  /** Is sent the same document. An address that is a secret stands in the environment variable SIGNALHOUSE_FAILURE_WEBHOOK. */
  webhook: endpoint.optional(),
});

const api = z.strictObject({
  /** The GraphQL endpoint; by default the region's. */
  endpoint: endpoint.optional(),
  /** File that holds the API key and that only the user can read. The environment variable SIGNALHOUSE_API_KEY comes before it. */
  keyFile: z.string().min(1).optional(),
  /** Take the key from keyFile whatever the environment has, which is Connect's key: a sandbox's configuration says so. */
  keyFileOnly: z.boolean().optional(),
  /** Seconds that one request may take. */
  timeoutSeconds: z.number().positive().default(30),
  /** How often a request that may be repeated is, before it fails. */
  retries: z.int().min(0).default(4),
});

const exports = z.strictObject({
  /** Seconds between two looks for the file of an export. */
  pollSeconds: z.number().positive().default(30),
  /** Hours after which an export that has not arrived is late. */
  deadlineHours: z.number().positive().default(6),
  /** Minutes that the file of an export is looked for where Connect's answer got lost, before it is asked for again under the same name. */
  lookMinutes: z.number().min(0).default(15),
});

const day = z.iso.date("expected a day such as 2025-07-01");

const backfill = z.strictObject({
  /** The first day that the warehouse is to have. */
  from: day.optional(),
  /** The last day; by default yesterday, so that each new day is asked for too. */
  to: day.optional(),
  /** Signal types and groups, as --types takes them. */
  types: z.string().min(1).default("all"),
  /** Minutes by which each window reaches into its neighbours: the vendor does not say which of a signal's times the window means. */
  marginMinutes: z.number().min(0).max(1440).default(60),
  /** Rows a day and signal type that are expected where nothing is known yet. */
  guessRowsPerDay: z.int().min(1).default(20_000),
});

const refsets = z.strictObject({
  /** How many reference sets the subscription may have: Connect's default is 5, and 25 on request. */
  limit: z.int().min(1).max(1000).default(5),
  /** Folder with the definitions of reference sets, NAME.json. */
  folder: z.string().min(1).default("refsets"),
});

const contacts = z.strictObject({
  /** Headers of the contact attributes that say who somebody is, the primary one first. Where nothing is said, the first exports decide by their names. */
  keys: z
    // As headers are compared.
    .array(z.string().transform(cleanName).pipe(z.string().min(1)))
    .min(1)
    .refine((keys) => new Set(keys).size === keys.length, "expected each attribute once")
    .optional(),
});

const days = z.int().min(1).max(365);

const attribution = z.strictObject({
  /** Days before an order in which a click on a message earns a part of it, by the message's channel. */
  windowDays: z
    .strictObject({ email: days.default(WINDOW_DAYS.email), sms: days.default(WINDOW_DAYS.sms), whatsapp: days.default(WINDOW_DAYS.whatsapp) })
    .prefault({}),
});

const encryption = z.strictObject({
  /** File that holds the key of the warehouse's encryption and that only the user can read. The environment variable SIGNALHOUSE_WAREHOUSE_KEY comes before it. */
  keyFile: z.string().min(1).optional(),
});

const publish = z.strictObject({
  /** The folder of the published copy. With it, each run that has changed the warehouse publishes. */
  to: z.string().min(1).optional(),
  /** Headers of the contact attributes that the copy shows: none by default. */
  contactColumns: z.array(z.string().transform(cleanName).pipe(z.string().min(1))).default([]),
  /** What the copy has in place of contact ids: keyed hashes, or the ids themselves. */
  contactIds: z.enum(["hashed", "plain"]).default("hashed"),
  /** So many versions are kept at least. */
  keepVersions: z.int().min(1).max(1000).default(3),
  /** Hours that a version is kept at least, after the next one took its place. */
  keepHours: z.number().min(0).default(24),
});

/** How many days something is kept. */
const keptDays = z.int().min(1).max(36_500);

/** What may have days of its own, besides signal types. */
const KEPT = ["marketing_signals", "behavior_signals", "rejects"];

const retention = z.strictObject({
  /** Days for which signals are kept, by when they happened, and rejects, by when their file was loaded. For good by default. */
  days: keptDays.optional(),
  /** Other days for signals of a type, for marketing_signals, behavior_signals or rejects: the type comes before the table, and that before `days`. */
  daysOf: z
    .record(
      z
        .string()
        .transform((name) => knownSignalType(name) ?? name)
        .refine((name) => KEPT.includes(name) || knownSignalType(name) !== undefined, `expected a signal type, ${KEPT.join(", ")}`),
      keptDays,
    )
    .default({}),
});

const action = z.enum(PRIVACY_ACTIONS);

/** Names, and what is done with their values. */
const listed = (
  clean: (name: string) => string,
  whyNot: (name: string, action: PrivacyAction) => string | undefined,
  means: (name: string) => string,
) =>
  z
    .record(z.string(), action)
    .superRefine((settings, context) => {
      for (const [name, action] of Object.entries(settings)) {
        const other = Object.keys(settings).find((each) => means(clean(each)) === means(clean(name)) && settings[each] !== action);
        if (other !== undefined)
          context.addIssue({
            code: "custom",
            path: [name],
            message: `${JSON.stringify(other)} means the same, and is listed otherwise: list one of them`,
          });
      }
    })
    .transform((settings) => Object.fromEntries(Object.entries(settings).map(([name, action]) => [clean(name), action])))
    .superRefine((settings, context) => {
      for (const [name, action] of Object.entries(settings)) {
        const message = whyNot(name, action);
        if (message !== undefined) context.addIssue({ code: "custom", path: [name], message });
      }
    })
    .default({});

const privacy = z.strictObject({
  /** What becomes of contact attributes before anything is written, by header: "drop" or "pseudonym". */
  columns: listed(cleanName, whyNotColumn, listedAs),
  /** The same of fields of SIGNAL_CONTENT, by name, wherever they stand in it. */
  fields: listed(
    (name) => name,
    whyNotField,
    (name) => name,
  ),
});

const limits = z.strictObject({
  /** Bytes of one unzipped record. */
  maxRecordBytes: z
    .int()
    .min(1024)
    .default(24 * 1024 * 1024),
  /** Unzipped bytes per gzip byte. */
  maxExpansionRatio: z.number().min(1).default(200),
  /** Contact attributes that get a column of their own, of all files together. */
  maxContactColumns: z.int().min(1).max(MOST_CONTACT_COLUMNS).default(300),
  /** Memory that DuckDB may use for a load, in its own spelling. */
  memory: z
    .string()
    .regex(/^(?=.*[1-9])\d+(\.\d+)? ?[KMGT]i?B$/i, "expected a size such as 512MB, 1.5GB or 2GiB")
    .default("512MB"),
  /** Threads of DuckDB in a load: one writes, a second and a third read meanwhile. More are not used. */
  threads: z.int().min(1).max(256).default(2),
});

const configShape = z.strictObject({
  region: z.enum(regionNames).optional(),
  sftp: sftp.optional(),
  api: api.prefault({}),
  exports: exports.prefault({}),
  backfill: backfill.prefault({}),
  refsets: refsets.prefault({}),
  contacts: contacts.prefault({}),
  attribution: attribution.prefault({}),
  /** The DuckDB file. */
  warehouse: z.string().min(1).default("signals.duckdb"),
  encryption: encryption.prefault({}),
  publish: publish.prefault({}),
  retention: retention.prefault({}),
  privacy: privacy.prefault({}),
  onFailure: onFailure.prefault({}),
  limits: limits.prefault({}),
});

/** What a user may write. */
export type ConfigInput = z.input<typeof configShape>;
/** What the program trusts. Paths are still as written. */
export type Config = z.infer<typeof configShape>;
export type SftpConfig = z.infer<typeof sftp>;
export type BackfillConfig = z.infer<typeof backfill>;
export type RetentionConfig = z.infer<typeof retention>;
export type Limits = z.infer<typeof limits>;

/**
 * The vendor's rule for an SFTP user: the account's e-mail address, 3 to 100 characters, Latin letters, digits, `_`, `-`, `.` (and the `@`).
 * Source: vendor page "Export signals from Connect", section "SFTP connection settings".
 */
function checkUser(user: string): void {
  if (/^[A-Za-z0-9_.@-]{3,100}$/.test(user)) return;
  const plus = user.includes("+") ? " An address with a plus cannot use Connect's SFTP at all: have a Connect user made with another address." : "";
  throw new SignalhouseError(
    "user_name_invalid",
    `sftp.user "${user}" cannot be a Connect SFTP user`,
    `Connect allows 3 to 100 Latin letters, digits, "_", "-", "." and the "@" of the e-mail address.${plus}`,
  );
}

/**
 * The only door between what a user wrote and what the program trusts.
 * @param input parsed JSON
 * @param source where it came from, for messages
 * @throws SignalhouseError config_invalid, naming each wrong setting; user_name_invalid
 */
export function readConfig(input: unknown, source: string): Config {
  const result = readShape(configShape, input);
  if ("faults" in result) {
    throw new SignalhouseError(
      "config_invalid",
      `${source} is not valid: ${result.faults.join("; ")}`,
      "Correct these settings; `signalhouse init` writes an example.",
    );
  }
  const config = result.data;
  if (config.sftp) {
    checkUser(config.sftp.user);
    if (!config.sftp.host && !config.region) {
      throw new SignalhouseError(
        "config_invalid",
        `${source} names neither region nor sftp.host`,
        `Set "region" to one of ${regionNames.join(", ")}.`,
      );
    }
  }
  return config;
}

/** The SFTP server that a configuration means. */
export function sftpHost(config: Config): string {
  return config.sftp?.host ?? (config.region ? REGIONS[config.region].sftp : "");
}

/** The GraphQL endpoint that a configuration means. @throws SignalhouseError config_invalid where it names none */
export function apiEndpoint(config: Config): string {
  const found = config.api.endpoint ?? (config.region ? REGIONS[config.region].api : undefined);
  if (found !== undefined) return found;
  throw new SignalhouseError(
    "config_invalid",
    "the configuration names neither region nor api.endpoint",
    `Set "region" to one of ${regionNames.join(", ")}.`,
  );
}

/** What a configuration says of the marts. */
export const martWishes = ({ contacts, attribution }: Pick<Config, "contacts" | "attribution">): MartWishes => ({
  keys: contacts.keys,
  windowDays: attribution.windowDays,
});
