/** The configuration that `init` writes. What is commented out is the default. */

export interface TemplateValues {
  region: string;
  user: string;
  keyFile: string;
  apiKeyFile?: string | undefined;
}

export function configTemplate({ region, user, keyFile, apiKeyFile }: TemplateValues): string {
  const text = JSON.stringify;
  return `// Configuration of signalhouse: JSON with comments. Relative paths are relative to this file.
// No secret belongs here: the passphrase of a key comes from the environment variable SIGNALHOUSE_KEY_PASSPHRASE, the API key from
// SIGNALHOUSE_API_KEY or a file of yours.
{
  // Where your Connect subscription lives: us-east-1, eu-central-1 or ap-southeast-2. It names the SFTP server and the API.
  "region": ${text(region)},

  "sftp": {
    // The e-mail address of your Connect account, which is the SFTP user name too (letters, digits, "_", "-", "."; no "+").
    "user": ${text(user)},

    // Your private SSH key. Its public half is registered with Connect. Nobody else may be able to read it (chmod 600).
    "keyFile": ${text(keyFile)},

    // Use the keys of the ssh-agent at SSH_AUTH_SOCK, with or without a key file.
    // "agent": false,

    // The server must show one of these host keys (SHA256:…). Where none is given, knownHosts decide.
    // "hostKeys": [],

    // Files with known host keys, as OpenSSH keeps them. signalhouse keys trust writes to the first one.
    // "knownHosts": ["~/.ssh/known_hosts"],

    // Folders that are searched for exports, relative to the subscription's folder.
    // "folders": ["Export/Signals"],

    // The subscription's folder, where it is not found by itself.
    // "root": "/sub_1234",

    // Another server than the region's, and its port.
    // "host": "sftp.example.com",
    // "port": 22,

    // Seconds after which a request without an answer counts as stalled.
    // "timeoutSeconds": 60,

    // How often a lost connection is taken up again before a file fails.
    // "retries": 8,
  },

  // Connect's API, which makes exports and registers keys. Loading works without it.
  "api": {
    // A file that holds the API key, and that nobody else can read (chmod 600). The environment variable SIGNALHOUSE_API_KEY comes before it.
    ${apiKeyFile === undefined ? '// "keyFile": "~/.config/signalhouse/api-key",' : `"keyFile": ${text(apiKeyFile)},`}

    // Another endpoint than the region's.
    // "endpoint": "https://connect-gql-us-1.goacoustic.com",

    // Seconds that one request may take, and how often one that may be repeated is.
    // "timeoutSeconds": 30,
    // "retries": 4,
  },

  "exports": {
    // Seconds between two looks for the file of an export.
    // "pollSeconds": 30,

    // Hours after which an export that has not arrived is late.
    // "deadlineHours": 6,

    // Minutes that the file is looked for where Connect's answer got lost, before the export is asked for again under the same name.
    // "lookMinutes": 15,
  },

  "backfill": {
    // The first day that the warehouse is to have: backfill and watch ask for what is missing from then on.
    // "from": "2025-01-01",

    // The last day; without it, yesterday, so that each new day is asked for too.
    // "to": "2025-06-30",

    // Signal types, or the groups email, sms, whatsapp, behavior, all.
    // "types": "all",

    // Minutes by which each window reaches into its neighbours: Connect does not say which of a signal's times it means. Nothing is loaded twice.
    // "marginMinutes": 60,

    // Rows a day and signal type that are expected where nothing is known yet.
    // "guessRowsPerDay": 20000,
  },

  "refsets": {
    // How many reference sets the subscription may have; Connect grants 25 on request.
    // "limit": 5,

    // The folder with their definitions, NAME.json.
    // "folder": "refsets",
  },

  "contacts": {
    // Contact attributes that say who somebody is, as exports have their headers: the primary one first, then those by which a contact is known where
    // that is missing. Without this, names such as Customer ID and Email decide once. signalhouse contacts detect proposes them, and with --write puts
    // them here. Where they change, the next load or sync makes the marts anew.
    // "keys": ["Customer ID", "Email", "Mobile Number"],
  },

  "attribution": {
    // Days before an order in which a click on a message earns a part of it, by the message's channel: as long as people take to decide.
    // "windowDays": { "email": 7, "sms": 7, "whatsapp": 7 },
  },

  // The DuckDB file that everything is loaded into. The first sync makes it.
  "warehouse": "signals.duckdb",

  "encryption": {
    // A file that holds a key, by which the warehouse's file is encrypted, and that nobody else can read (chmod 600). The environment variable
    // SIGNALHOUSE_WAREHOUSE_KEY comes before it. A warehouse that is there already is encrypted by signalhouse encrypt.
    // "keyFile": "~/.config/signalhouse/warehouse-key",
  },

  "publish": {
    // The folder of a copy that notebooks and BI tools read without waiting. Each run that changes the warehouse then publishes, as signalhouse publish does.
    // "to": "published",

    // Contact attributes that the copy shows, as exports have their headers. Without this it shows none.
    // "contactColumns": ["Loyalty Tier"],

    // Contact ids in the copy: hashed by a key beside the warehouse, or plain, which may be e-mail addresses and phone numbers.
    // "contactIds": "hashed",

    // How many versions are kept at least, and for how many hours after the next one.
    // "keepVersions": 3,
    // "keepHours": 24,
  },

  "retention": {
    // Days for which signals are kept, by when they happened, and rejects, by when their file was loaded. Without this, for good. Each run that loads erases what is older.
    // "days": 730,

    // Other days for some: a signal type, marketing_signals, behavior_signals, rejects.
    // "daysOf": { "pageView": 90, "rejects": 30 },
  },

  "privacy": {
    // Contact attributes that are left out ("drop"), or get a keyed hash in their place ("pseudonym"), before anything is written, as exports have their headers. Without this all are
    // kept as they come. For a warehouse that has signals already: signalhouse privacy apply.
    // "columns": { "Email": "pseudonym", "Mobile Number": "drop" },

    // The same of fields of SIGNAL_CONTENT, wherever they stand in it.
    // "fields": { "ipAddress": "drop", "searchTerm": "pseudonym" },
  },

  "onFailure": {
    // A line of shell that is run when a run fails that nobody watches; it gets what happened as JSON on standard input.
    // "command": "mail -s 'A run failed' ana@example.com",

    // An address that is sent the same JSON, whose "text" chat tools show. One that is a secret belongs into SIGNALHOUSE_FAILURE_WEBHOOK.
    // "webhook": "https://hooks.example.com/T0123",
  },

  "limits": {
    // Memory that DuckDB may use for a load. What needs more goes to temporary files beside the warehouse.
    // "memory": "512MB",

    // Threads of DuckDB in a load: one writes, a second and a third read meanwhile. More are not used.
    // "threads": 2,

    // Contact attributes that get a column of their own, of all files together. A file that has more is not loaded. Each takes some 2 MB in a load, filled or not.
    // "maxContactColumns": 300,

    // Bytes of one unzipped record. A file with a larger one is not loaded, and says so.
    // "maxRecordBytes": 25165824,

    // Unzipped bytes per gzip byte. A file that expands further is refused.
    // "maxExpansionRatio": 200,
  },
}
`;
}
