/** Runs of one config that differ in their seed, put together: types only. How each number is taken: engine/presentation/comparison.ts. */
import type { ConfigText } from './config';
import type { NetworkInfo } from './plan';

/** An interval and the two-sided p of the difference being 0. */
export interface Tested {
  ci: [low: number, high: number];
  p: number;
}

/** A number over seeds. */
export interface SeedsInterval {
  /** Seeds that have it. */
  n: number;
  mean: number | null;
  sd: number | null;
  /** By Student's t distribution; null below three seeds. */
  ci: [low: number, high: number] | null;
  /** Of the t test that the mean is 0; null where there is no interval. */
  p: number | null;
}

/** How a number is shown. */
export interface ComparedMetric {
  name: string;
  title: string;
  digits: number;
  better: 'higher' | 'lower';
}

export interface ComparedDomain {
  name: string;
  role: 'source' | 'target';
}

/** A metric of a network on a domain: the mean over cases of each seed, over seeds. */
export interface ComparedMean {
  domain: string;
  metric: string;
  network: string;
  over: SeedsInterval;
}

/** A distilled student minus the control, on the same cases in the same seed. */
export interface ComparedDifference {
  domain: string;
  metric: string;
  student: string;
  /** Over the seeds that have both: of each the mean over cases. */
  overSeeds: SeedsInterval;
  /** Hierarchical bootstrap over seeds and cases; null below three seeds or two cases, and of what is no mean over cases. */
  overBoth: Tested | null;
  /** Of a single seed: bootstrap interval and Wilcoxon's test over its cases, without the noise of training. */
  overCases: Tested | null;
  /** Different cases that it is over; null of what is no mean over cases. */
  cases: number | null;
  /** The larger of the p values over seeds and over both, so that what is found holds by either; of a single seed that over cases. */
  p: number | null;
  /** The same with Holm's correction over the students, for this metric on this domain. */
  adjusted: number | null;
}

/** A stage of training over seeds. */
export interface ComparedStage {
  name: string;
  title: string;
  /** In seconds, over the seeds that have trained it. */
  seconds: SeedsInterval;
  /** Of the engine's process at its largest in that stage, in bytes, the largest of the seeds; null where it is not known. */
  memory: number | null;
}

export interface Comparison {
  /** Seeds that are compared, as texts: a run of a version before may not know its own. */
  seeds: string[];
  /** Why others are missing, by their seeds. */
  missing: { seed: string; reason: string }[];
  confidence: number;
  resamples: number;
  domains: ComparedDomain[];
  metrics: ComparedMetric[];
  networks: NetworkInfo[];
  /** The undistilled student that the others are held against; null where there is none. */
  control: NetworkInfo | null;
  /** Networks that are not in every seed, with the seeds that have them. */
  partial: { network: string; seeds: string[] }[];
  means: ComparedMean[];
  differences: ComparedDifference[];
  stages: ComparedStage[];
}

/** A method that a comparison of a config can have. */
export interface ComparableMethod {
  /** By this `--methods` names it. */
  name: string;
  title: string;
  /** What it is, in Markdown. */
  summary: string;
  /** Whether the config has it already. */
  isOwn: boolean;
  /** Stages that are trained for it beside the teacher, the warm-up and the control; methods that need the same one share it. */
  stages: { title: string; steps: number }[];
}

export interface ComparisonCalls {
  /** Methods to choose from, those of the config first. */
  comparableMethods: { params: ConfigText; result: ComparableMethod[] };
  /** A comparison's report as an HTML page that loads nothing and runs nothing. */
  comparisonPage: { params: { folder: string }; result: { name: string; html: string } };
}
