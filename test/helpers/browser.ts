/** A browser: Debian's Chromium. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";

/** Whether tests in a browser are to be skipped: `describe.skipIf(browserMissing)`. Where CI is set they must not be, so there it is an error. */
export const browserMissing = !existsSync(CHROMIUM);
if (browserMissing && process.env["CI"]) throw new Error(`there is no ${CHROMIUM}: apt-get install chromium`);

/** The caller closes it. */
export const startBrowser = (): Promise<Browser> => chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
