/** What the extension may ask of the engine's server: types only. Each area adds its calls here and its handlers in handlers/. */
import type { CohortCalls } from '../server/cohort';
import type { ProjectCalls } from '../server/project';
import type { ConfigSummary, ConfigText } from './config';
import type { ViewerCalls } from './viewer';

export interface ServerCalls extends CohortCalls, ProjectCalls, ViewerCalls {
  /** Faults and outline of a config's text. */
  summarize: { params: ConfigText; result: ConfigSummary };
}

export type ServerMethod = keyof ServerCalls;

/** What the server tells without being asked. */
export interface ServerNotifications {
  log: { level: 'info' | 'warning' | 'error'; message: string };
}
