import type { Aggregate, ClassMetrics } from '../metrics/case';
import type { FrechetSemanticDistance } from '../metrics/fsd';

export type NetworkName = 'teacher' | 'warmup' | 'control' | 'student';

/** `report.json`: every number of the table, by domain and network, per class and case. */
export interface Report {
  meddistill: string;
  seed: number;
  device: { name: string; description: string; threads: number };
  classes: string[];
  parameters: { teacher: number; student: number };
  /** Wall time of each stage. */
  seconds: Record<string, number>;
  /** How probabilities became labels, by network. */
  threshold: Record<NetworkName, 'argmax' | number>;
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
  fov: string;
  networks: Record<NetworkName, NetworkReport>;
}

export interface NetworkReport extends Record<string, unknown> {
  /** Means over classes of each metric's mean over cases; `dice` and so on. */
  dice: Aggregate;
  classes: Record<string, Record<string, unknown>>;
  cases: { id: string; classes: Record<string, ClassMetrics> }[];
}
