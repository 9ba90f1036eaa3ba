import type { NetworkConfig, TeacherConfig } from '../networks/catalogue';
import type { MethodOptions } from './options';

/** One distilled student. */
export interface StudentConfig {
  name: string;
  /** Name of its method, or of several, joined by `+`. */
  method: string;
  /** The method's options, every one filled in; of several methods `ComposedOptions`. */
  options: Record<string, unknown>;
}

interface StageLength {
  steps: number;
  batchSize: number;
  /** Left out where batches are taken as a whole. */
  accumulate?: number;
  learningRate: number;
}

/** What stages of training read of a config. */
export interface Setup {
  classes: readonly string[];
  domains: Readonly<Record<string, { channel: string }>>;
  input: { size: readonly [rows: number, columns: number] };
  teacher: TeacherConfig;
  student: NetworkConfig;
  /** The distilled students. */
  methods: readonly StudentConfig[];
  /** Undistilled students beside the one trained alone, by their names. */
  baselines: readonly string[];
  method: MethodOptions;
  training: {
    loss: { crossEntropy: number; dice: number };
    stages: Record<'teacher' | 'warmup' | 'psae' | 'act' | 'distill', StageLength>;
  };
}
