import type { ClaheOptions } from '../preparation/clahe';
import type { LabelValue } from '../preparation/labels';
import type { StudentConfig } from '../method/setup';
import type { NetworkConfig, TeacherConfig } from '../networks/catalogue';
import type { Domain, Split } from './domain';
import type { Distillation } from './file';

export type { DeviceName } from '../runtime/catalogue';
export type { Split } from './domain';

type But<T, Changed> = Omit<T, keyof Changed> & Changed;

/**
 * A distillation config with every default filled in and every path absolute: what the engine works from. It is the file's form
 * (`distillation` in file.ts) but for what `resolveConfig` changes.
 */
export type DistillConfig = But<
  Distillation,
  {
    /** Absolute path of the config file. */
    file: string;
    domains: Record<string, DomainConfig>;
    input: InputConfig;
    teacher: TeacherConfig;
    student: NetworkConfig;
    methods: StudentConfig[];
    training: TrainingConfig;
    output: Required<Distillation['output']>;
    cache: Required<Distillation['cache']>;
  }
>;

/** Data from one scanner, site or modality; patterns are absolute. */
export type DomainConfig = But<
  Domain,
  {
    /** For each class name. */
    values: Record<string, LabelValue>;
    /** Null: none. */
    clahe: ClaheOptions | null;
    fov: NonNullable<Domain['fov']>;
    /** Of a target: all cases are `test`. */
    split: Split;
  }
>;

export type InputConfig = But<Distillation['input'], { size: [rows: number, columns: number] }>;

export type TrainingConfig = But<
  Omit<Distillation['training'], 'budget' | 'batchSize' | 'accumulate' | 'learningRate'>,
  {
    stages: Record<
      StageName,
      { steps: number; batchSize: number; accumulate?: number; learningRate: number }
    >;
  }
>;

/** Stages whose length a config sets; baselines and students have that of `distill`. */
export type StageName = keyof Distillation['training']['stages'];
