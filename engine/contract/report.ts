import type { Aggregate, ClassMetrics, ClassSummary, MetricName } from '../metrics/case';
import type { PairedComparison } from '../metrics/paired-comparison';
import type { FrechetSemanticDistance } from '../metrics/fsd';
import type { Threshold } from '../evaluation/evaluation';

/** The teacher, the student trained alone, that student trained on for as long as distillation takes, and the distilled student. */
export type NetworkName = 'teacher' | 'warmup' | 'control' | 'student';

export const networkNames: readonly NetworkName[] = ['teacher', 'warmup', 'control', 'student'];

/** `report.json`: every number of the table, by domain and network, per class and case. */
export interface Report {
  meddistill: string;
  seed: number;
  device: { name: string; description: string; threads: number };
  classes: string[];
  /** Of every interval. */
  confidence: number;
  /** Trainable weights. */
  parameters: { teacher: number; student: number };
  /** Wall time of each stage. */
  seconds: Record<string, number>;
  domains: Record<string, DomainReport>;
  fsd: {
    /** Source <-> target, by target and network. */
    sourceToTarget: Record<string, Partial<Record<NetworkName, FrechetSemanticDistance>>>;
    /** Teacher <-> student on each domain. */
    teacherToStudent: Record<string, Partial<Record<NetworkName, FrechetSemanticDistance>>>;
  };
}

export interface DomainReport {
  role: 'source' | 'target';
  /** Evaluated cases. */
  cases: number;
  /** How the field of view was found; metrics are taken inside it. */
  fov: 'provided' | 'estimated' | 'none';
  networks: Partial<Record<NetworkName, NetworkReport>>;
  /** Dice of the distilled student minus that of the student alone and of the control, over the same cases. */
  gain: Partial<Record<'warmup' | 'control', PairedComparison>>;
  /** Image and label files of each case, and the masks of its field of view where they are provided. */
  files: Record<string, { images: string[]; labels: string[]; masks: string[] }>;
}

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
