import { existsSync } from "node:fs";
import { SSHD } from "../../bench/sshd.ts";

export * from "../../bench/sshd.ts";

/** OpenSSH's SFTP as a program, for servers that start something else before it. */
export const SFTP_SERVER = "/usr/lib/openssh/sftp-server";

/**
 * Whether tests against a real server are to be skipped: `describe.skipIf(sshdMissing)`.
 * Where CI is set they must not be, so there a missing server is an error.
 */
export const sshdMissing: boolean = !existsSync(SSHD);

if (sshdMissing) {
  const message = `${SSHD} is not installed: the tests against a real SSH server need it (apt-get install openssh-server)`;
  if (process.env["CI"]) throw new Error(message);
  process.emitWarning(`skipped: ${message}`);
}
