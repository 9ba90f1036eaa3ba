import { join } from 'node:path';
import type { DistillConfig, DomainConfig } from '../../../engine/config/config';

/** What the data code reads of a config: one class, `liver` = 1, patterns relative to `folder`. */
export function tinyConfig(
  folder: string,
  domains: Record<string, Partial<DomainConfig>>,
  input: Partial<DistillConfig['input']> = {},
): DistillConfig {
  const complete = ([name, domain]: [string, Partial<DomainConfig>]): [string, DomainConfig] => [
    name,
    {
      role: 'source',
      values: { liver: 1 },
      channel: 'grey',
      intensity: { window: [0, 100] },
      clahe: null,
      axis: 'axial',
      fov: 'none',
      split: { train: 0.6, validation: 0.2, test: 0.2 },
      maxCases: 0,
      maxSlices: 0,
      ...domain,
      images: join(folder, domain.images ?? 'i/{case}.nii'),
      labels: join(folder, domain.labels ?? 'l/{case}.nii'),
      ...(domain.masks === undefined ? {} : { masks: join(folder, domain.masks) }),
    },
  ];
  return {
    file: join(folder, 'tiny.distill.jsonc'),
    classes: ['liver'],
    domains: Object.fromEntries(Object.entries(domains).map(complete)),
    input: { size: [8, 8], fit: 'resize', spacing: 0, overlap: 0.5, ...input },
    training: { seed: 1 },
  } as DistillConfig;
}
