import type { OutputKind } from '../evaluation/evaluation';

/** Names of the files in a run's folder. What may be opened in a page or another process goes by these too. */
export const runFiles = {
  record: 'run.json',
  metrics: 'metrics.jsonl',
  report: 'report.json',
  cases: 'cases.csv',
  /** What the run's process prints, where a window started it. */
  log: 'engine.log',
  /** The run's copy of its config. */
  config: 'config.distill.jsonc',
} as const;

/** The most bytes of each kind of file that are read; a run writes none that is as large. */
export const largestBytes = {
  // The editor reads it in its own process.
  record: 1e6,
  report: 4e8,
  config: 1e7,
  snapshot: 1e8,
  picture: 1e7,
  labelMap: 2 ** 34,
  // Of the format itself.
  model: 2 ** 31,
} as const;

/** The first distilled student, for other programs. */
export const studentModel = 'student.onnx';

/** Where the weights that a stage left lie. */
export const weightsFile = (stage: string): string => `weights/${stage}.safetensors`;

/** Where a stage in progress is kept. */
export const checkpointFile = (stage: string): string => `checkpoints/${stage}.safetensors`;

/** The checkpoint before that one, for where it is damaged. */
export const earlierCheckpointFile = (stage: string): string =>
  `checkpoints/earlier/${stage}.safetensors`;

/** Folder of what evaluation writes of a network in a domain, files of the label maps' names. */
export const outputFolder = (kind: OutputKind, domain: string, network: string): string =>
  `${kind}/${domain}/${network}`;
