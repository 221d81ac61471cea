import { readConfig, REGIONS } from "../schemas/config.ts";
import { DAY_MS } from "../schemas/connect.ts";
import { SignalhouseError } from "../schemas/errors.ts";
import { writeNewFile, writeRefused } from "../sinks/whole-file.ts";
import { defineCommand } from "./command.ts";
import { parseConfig } from "../schemas/config-text.ts";
import { CONFIG_FILE } from "./config-file.ts";
import { configTemplate } from "./config-template.ts";
import { EXIT } from "./failures.ts";
import { localPath } from "./world.ts";

const REGION_NAMES = Object.keys(REGIONS) as (keyof typeof REGIONS)[];

export const command = defineCommand({
  usage: "[options]",
  about: "Writes signalhouse.config.json into this folder (or to --config), with a comment on every choice. It never overwrites one.",
  options: {
    region: { type: "string", value: "REGION", choices: REGION_NAMES, help: `where the subscription lives: ${REGION_NAMES.join(", ")}` },
    user: { type: "string", value: "EMAIL", help: "the e-mail address of your Connect account" },
    key: { type: "string", value: "FILE", help: "your private SSH key; ~/.ssh/connect_ed25519 by default" },
    "api-key-file": { type: "string", value: "FILE", help: "a file of yours (mode 600) with the API key; else SIGNALHOUSE_API_KEY is used" },
  },
  examples: ["init", "init --region eu-central-1 --user analyst@example.com --key ~/.ssh/connect_ed25519"],
  async run(context, { values }) {
    const { out, clock, configFile } = context;
    const region = values.region ?? (REGION_NAMES[0] as (typeof REGION_NAMES)[number]);
    const text = configTemplate({
      region,
      user: values.user ?? "",
      keyFile: values.key ?? "~/.ssh/connect_ed25519",
      apiKeyFile: values["api-key-file"],
    });
    // What is given has to be right; without a user the file is not complete yet.
    if (values.user !== undefined) readConfig(parseConfig(text, CONFIG_FILE), CONFIG_FILE);
    const path = localPath(context, configFile ?? CONFIG_FILE);
    await writeNew(path, text);
    const yesterday = new Date(clock.now() - DAY_MS).toISOString().slice(0, 10);
    const next = [
      ...(values.user === undefined ? ['Put the e-mail address of your Connect account into "user".'] : []),
      ...(values.region === undefined ? [`Check "region": ${REGION_NAMES.join(", ")}.`] : []),
      `Create an API key in Connect (Administration > General settings > API keys), and put it into ${values["api-key-file"] ?? "the environment variable SIGNALHOUSE_API_KEY"}.`,
      "Make a key pair:  signalhouse keys generate",
      "Tell Connect its public half:  signalhouse keys register",
      "Compare and trust the server's host key:  signalhouse keys trust",
      "Test everything:  signalhouse doctor",
      `Ask for a first export and load it:  signalhouse export --types all --from ${yesterday} --to ${yesterday} --sync`,
      "From then on, load what is new:  signalhouse sync",
    ];
    out.result({ file: path, next }, () => [`Wrote ${path}`, "", "Next:", ...next.map((step, index) => `  ${index + 1}. ${step}`)]);
    return EXIT.done;
  },
});

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeNewFile(path, text, 0o644);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST")
      throw new SignalhouseError("usage", `${path} is there already`, "Edit it, move it away, or write to another file with --config.");
    throw writeRefused(path, error, "Its folder has to exist and to be yours; --config names another place.");
  }
}
