/** `report.json`: every number of the table, by domain and network, per class and case. Types only. */
import type {
  Aggregate,
  ClassMetrics,
  ClassSummary,
  FrechetSemanticDistance,
  MetricName,
  PairedComparison,
} from './metrics';
import type { NetworkInfo } from './plan';
import type { Signal } from './signal';

export interface Report {
  meddistill: string;
  /** Missing where it is not known, as in reports of other versions; so are others below. */
  seed?: number;
  device?: { name: string; description: string; threads: number };
  classes: string[];
  /** Of every interval. */
  confidence: number;
  /** The networks that were evaluated, in the order in which they are shown. */
  networks: NetworkInfo[];
  /** Trainable weights. */
  parameters?: { teacher: number; student: number };
  /** Wall time of each stage. */
  seconds: Record<string, number>;
  domains: Record<string, DomainReport>;
  /** Dice of the teacher minus that of the student trained alone, on the source's validation cases. */
  gap?: PairedComparison;
  /** What the vectors carry with each student that is trained on them, and with the one that they start from. */
  signal?: Record<string, Signal>;
  fsd: {
    /** Source <-> target, by target and network. */
    sourceToTarget: Record<string, Record<string, FrechetSemanticDistance>>;
    /** Teacher <-> student on each domain, by domain and network. */
    teacherToStudent: Record<string, Record<string, FrechetSemanticDistance>>;
  };
}

export interface DomainReport {
  role: 'source' | 'target';
  /** Evaluated cases. */
  cases: number;
  /** How the field of view was found; metrics are taken inside it. */
  fov: 'provided' | 'estimated' | 'none';
  /** By the networks' names. */
  networks: Record<string, NetworkReport | undefined>;
  /** Dice of each distilled student minus that of each baseline, over the same cases, by their names. */
  gain: Record<string, Record<string, PairedComparison | undefined> | undefined>;
  /** Image and label files of each case, and the masks of its field of view where they are provided. */
  files: Record<string, { images: string[]; labels: string[]; masks: string[] }>;
}

/** How probabilities become labels: the most probable class, or, for one class, from a probability on. */
export type Threshold = 'argmax' | number;

/** Each metric of a network in a domain: over cases of the mean over classes (`dice.mean` and so on), by class, by case. */
export type NetworkReport = Record<MetricName, Aggregate> & {
  /** How probabilities became labels. */
  threshold: Threshold;
  classes: Record<string, ClassSummary>;
  cases: CaseReport[];
};

export interface CaseReport {
  id: string;
  classes: Record<string, ClassMetrics>;
}
