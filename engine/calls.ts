/** What the extension may ask of the engine's server: types only. Each area adds its calls here and its handlers in handlers/. */
import type { ConfigFault } from './handlers/config';

export interface ServerCalls {
  /** The faults of a config's text that can be told without looking at its files. */
  validate: { params: { file: string; text: string }; result: ConfigFault[] };
}

export type ServerMethod = keyof ServerCalls;

/** What the server tells without being asked. */
export interface ServerNotifications {
  log: { level: 'info' | 'warning' | 'error'; message: string };
}

/** A call that is refused with a sentence for the user has this code; others are faults of the program. */
export const userErrorCode = 1;
