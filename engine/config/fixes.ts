import type { ConfigError } from '../errors';
import { architectureOf } from '../networks/network';
import type { DistillConfig } from './config';

/** A change of the config that may be what was meant. */
export interface Fix {
  title: string;
  edits: FixEdit[];
}

/** A new value for a field (undefined: it goes), or another text for one part of a pattern between two `/`. */
export type FixEdit =
  | { path: (string | number)[]; value: unknown }
  | { path: (string | number)[]; segment: { from: string; to: string } };

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
const lcm = (a: number, b: number): number => (a * b) / gcd(a, b);

/** What may be meant instead of what `parseConfig` found wrong with a config's meaning. */
export function fixesFor(config: DistillConfig, { place }: ConfigError): Fix[] {
  const at = place?.path ?? '';
  if (at === 'domains')
    return Object.keys(config.domains).map((name) => ({
      title: `Make ${name} a source`,
      edits: [{ path: ['domains', name, 'role'], value: 'source' }],
    }));
  if (at === 'input.size') return sizeFixes(config);
  if (at === 'input.spacing')
    return [{ title: 'Use patches', edits: [{ path: ['input', 'fit'], value: 'patch' }] }];
  if (at === 'evaluation.threshold')
    return [
      { title: 'Use "argmax"', edits: [{ path: ['evaluation', 'threshold'], value: 'argmax' }] },
    ];
  for (const [name, domain] of Object.entries(config.domains)) {
    if (at === `domains.${name}.fov`)
      return [
        {
          title: 'Use the whole image',
          edits: [{ path: ['domains', name, 'fov'], value: 'none' }],
        },
        {
          title: 'Estimate the field of view',
          edits: [{ path: ['domains', name, 'fov'], value: 'estimated' }],
        },
      ];
    for (const [split, ids] of Object.entries(domain.split))
      if (Array.isArray(ids) && at.startsWith(`domains.${name}.split.${split}.`)) {
        const index = Number(at.split('.').at(-1));
        return [
          {
            title: `Remove it from ${split}`,
            edits: [{ path: ['domains', name, 'split', split, index], value: undefined }],
          },
        ];
      }
    for (const className of Object.keys(domain.values))
      if (at === `domains.${name}.values.${className}` && !config.classes.includes(className))
        return [
          {
            title: `Remove ${className}`,
            edits: [{ path: ['domains', name, 'values', className], value: undefined }],
          },
        ];
  }
  return [];
}

/** The nearest sizes that both networks take, and fewer poolings for a U-Net that has too many. */
function sizeFixes(config: DistillConfig): Fix[] {
  const roles = ['teacher', 'student'] as const;
  const stride = roles.reduce((all, role) => lcm(all, architectureOf(config[role]).stride), 8);
  const rounded = (round: (n: number) => number) =>
    config.input.size.map((n) => Math.max(stride, round(n / stride) * stride));
  const sizes = [rounded(Math.floor), rounded(Math.ceil)].map(([rows, columns]) =>
    rows === columns ? rows : [rows, columns],
  );
  const shown = (size: number | number[]) => (typeof size === 'number' ? size : size.join(' x '));
  const fixes: Fix[] = [...new Set(sizes.map((size) => JSON.stringify(size)))].map((text) => {
    const size = JSON.parse(text) as number | number[];
    return {
      title: `Set the size to ${shown(size)}`,
      edits: [{ path: ['input', 'size'], value: size }],
    };
  });
  for (const role of roles) {
    const network = config[role];
    if (network.network !== 'unet') continue;
    let depth = network.depth;
    while (depth > 1 && config.input.size.some((n) => n % 2 ** depth !== 0)) depth--;
    if (depth < network.depth && config.input.size.every((n) => n % 2 ** depth === 0))
      fixes.push({
        title: `Set the depth of the ${role} to ${depth}`,
        edits: [{ path: [role, 'depth'], value: depth }],
      });
  }
  return fixes;
}
