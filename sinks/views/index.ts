/** All views. */
import { MESSAGE_BEHAVIOR } from "./message-behavior.ts";
import { TYPE_VIEWS } from "./signal-types.ts";
import type { View } from "./view.ts";

/** In the order in which they are made: a view that reads another one stands behind it. */
export const VIEWS: readonly View[] = [...TYPE_VIEWS, MESSAGE_BEHAVIOR];
