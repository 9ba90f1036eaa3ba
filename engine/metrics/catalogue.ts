import { auc } from './auc';
import { cldice } from './cldice';
import type { Metric } from './metric';
import { overlapMetrics } from './overlap';
import { distanceMetrics } from './surface';

/** Every metric that is taken of a case, in the order in which they are reported. */
export const metrics: readonly Metric[] = [...overlapMetrics, auc, ...distanceMetrics, cldice];

export const metricNames: readonly string[] = metrics.map(({ name }) => name);
