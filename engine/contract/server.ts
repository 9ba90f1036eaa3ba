/** What crosses between the extension and the engine's server: types only. Handlers of these calls: engine/server. */
import type { CohortCalls } from './cohort';
import type { ComparisonCalls } from './comparison';
import type { ConfigCalls } from './config';
import type { CudaCalls } from './cuda';
import type { ProjectCalls } from './project';
import type { RunCalls } from './runs';
import type { ViewerCalls } from './viewer';

/** What the extension may ask. */
export interface ServerCalls
  extends
    CohortCalls,
    ComparisonCalls,
    ConfigCalls,
    CudaCalls,
    ProjectCalls,
    RunCalls,
    ViewerCalls {}

export type ServerMethod = keyof ServerCalls;

/** What the server tells without being asked. */
export interface ServerNotifications {
  log: { level: 'info' | 'warning' | 'error'; message: string };
  /** The share of the installation's download that is there. */
  cudaProgress: { share: number };
}
