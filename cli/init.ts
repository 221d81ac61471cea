import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { readConfig, REGIONS } from "../schemas/config.ts";
import { SignalhouseError } from "../schemas/errors.ts";
import { defineCommand, oneOf } from "./command.ts";
import { CONFIG_FILE, parseConfig } from "./config-file.ts";
import { configTemplate } from "./config-template.ts";
import { EXIT } from "./failures.ts";

const REGION_NAMES = Object.keys(REGIONS) as (keyof typeof REGIONS)[];

export const command = defineCommand({
  usage: "[options]",
  about: "Writes signalhouse.config.json into this folder (or to --config), with a comment on every choice. It never overwrites one.",
  options: {
    region: { type: "string", value: "REGION", help: `where the subscription lives: ${REGION_NAMES.join(", ")}` },
    user: { type: "string", value: "EMAIL", help: "the e-mail address of your Connect account" },
    key: { type: "string", value: "FILE", help: "your private SSH key; ~/.ssh/id_ed25519 by default" },
  },
  examples: ["init", "init --region eu-central-1 --user analyst@example.com --key ~/.ssh/connect_ed25519"],
  async run({ out, configFile }, { values }) {
    const region = oneOf("--region", values.region ?? REGION_NAMES[0] ?? "", REGION_NAMES);
    const text = configTemplate({ region, user: values.user ?? "", keyFile: values.key ?? "~/.ssh/id_ed25519" });
    // What is given has to be right; without a user the file is not complete yet.
    if (values.user !== undefined) readConfig(parseConfig(text, CONFIG_FILE), CONFIG_FILE);
    const path = resolve(configFile ?? CONFIG_FILE);
    await writeNew(path, text);
    const next = [
      ...(values.user === undefined ? ['Put the e-mail address of your Connect account into "user".'] : []),
      ...(values.region === undefined ? [`Check "region": ${REGION_NAMES.join(", ")}.`] : []),
      "Compare and trust the server's host key:  signalhouse keys trust",
      "Test everything:  signalhouse doctor",
      "Load what is there:  signalhouse sync",
    ];
    out.result({ file: path, next }, () => [`Wrote ${path}`, "", "Next:", ...next.map((step, index) => `  ${index + 1}. ${step}`)].join("\n"));
    return EXIT.done;
  },
});

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: "wx" });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST")
      throw new SignalhouseError("usage", `${path} is there already`, "Edit it, move it away, or write to another file with --config.");
    if (code === "ENOENT" || code === "EACCES")
      throw new SignalhouseError("usage", `${path} cannot be written (${code})`, "Its folder has to exist and to be yours.");
    throw error;
  }
}
