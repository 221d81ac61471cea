import { isSignalhouseError, type SignalhouseError } from "../../schemas/errors.ts";

/** Whether the connection failed, rather than what was asked on it: on a new one it may succeed. */
export function isLost(error: unknown): error is SignalhouseError {
  return isSignalhouseError(error, "connection_lost", "server_stalled", "host_unreachable");
}
