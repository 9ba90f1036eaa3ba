import { readdir, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DistillConfig, DomainConfig } from '../config/config';
import { editDistance } from '../config/nearest';
import type { DomainSurvey, Survey, SurveyFault } from '../contract/cohort';
import type { Fix } from '../contract/config';
import { UserError } from '../errors';
import { stampOf } from '../files';
import { labelChoice } from '../cohort/case-files';
import { examineDomain } from '../cohort/cohort';
import { labelSamples, mapLabels } from '../preparation/labels';
import { parsePattern } from '../cohort/pattern';
import { naturalOrder } from '../lists';
import { domainWalks, requireSameSize } from '../preparation/read-case';
import type { FileGrid } from '../images/grid';
import { readVolume } from '../images/read-volume';
import type { ReadChoice } from '../images/format';
import type { Volume } from '../images/volume';

export interface SurveyOptions {
  /** After so many milliseconds no further case is read. */
  budget: number;
  cancelled: () => boolean;
}

/** A survey that was called off. */
export class SurveyCancelled extends Error {}

/** More different samples than this are not labels. */
const mostValues = 4096;

/** A colour as one number, above every grey value; a colour without hue is the grey value that it is. */
const colorKey = (red: number, green: number, blue: number): number =>
  red === green && green === blue ? red : 2 ** 32 + (red << 16) + (green << 8) + blue;
const isColor = (key: number): boolean => key >= 2 ** 32 && key < 2 ** 33;
const colorOf = (key: number): [number, number, number] => [
  Math.floor(key / 2 ** 16) & 255,
  Math.floor(key / 2 ** 8) & 255,
  key % 256,
];

/** A mark of a picture and its colour as one number, above those of colours: see `Volume.marks`. */
const markKey = (mark: number, color: number): number =>
  (mark + 1) * 2 ** 33 + (isColor(color) ? color - 2 ** 32 : color * 0x010101);
const isMark = (key: number): boolean => key >= 2 ** 33;
const markOf = (key: number): number => Math.floor(key / 2 ** 33) - 1;

interface ImageFacts extends FileGrid {
  dtype: string;
  hasSpacing: boolean;
  range: [number, number];
}

interface LabelFacts extends FileGrid {
  hasSpacing: boolean;
  /** How often each sample occurs, a true colour as `colorKey`, a mark as `markKey`. Null: more than `mostValues`. */
  counts: Map<number, number> | null;
}

/** Surveys configs; what was learnt of a file is kept for as long as the file stays as it is. */
export class Surveyor {
  private readonly images = new FileCache<ImageFacts>(imageFacts);
  private readonly labels = new FileCache<LabelFacts>(labelFacts);

  /** @throws SurveyCancelled */
  async survey(config: DistillConfig, { budget, cancelled }: SurveyOptions): Promise<Survey> {
    const survey: Survey = { domains: {}, faults: [] };
    const names = Object.keys(config.domains);
    const end = Date.now() + budget;
    for (const [n, name] of names.entries()) {
      // Each domain has its share of the time that is left.
      const own = Date.now() + (end - Date.now()) / (names.length - n);
      const result = await this.domain(config, name, own, cancelled);
      survey.domains[name] = result.survey;
      survey.faults.push(...result.faults);
    }
    return survey;
  }

  private async domain(
    config: DistillConfig,
    name: string,
    end: number,
    cancelled: () => boolean,
  ): Promise<{ survey: DomainSurvey; faults: SurveyFault[] }> {
    const domain = config.domains[name];
    const examined = await examineDomain(name, domain, config.training.seed);
    const faults: SurveyFault[] = [];
    for (const error of examined.faults) faults.push(await faultOf(config, name, error));

    const { cases } = examined;
    const sizes = new Counter();
    const spacings = new Counter();
    const kinds = new Set<string>();
    let range: [number, number] | null = null;
    let slices = 0;
    let read = 0;
    const samples = new Map<number, number>();
    const having = config.classes.map(() => 0);
    let tooMany = false;
    for (const item of spreadOut(cases)) {
      if (cancelled()) throw new SurveyCancelled();
      if (Date.now() > end && read > 0) break;
      // Lets requests in, a cancellation among them.
      await nextTurn();
      try {
        const { series, frame } = domain;
        const images = await Promise.all(
          item.images.map((path) => this.images.get(path, { series, frame })),
        );
        const labels = await Promise.all(
          item.labels.map((path) => this.labels.get(path, labelChoice(domain))),
        );
        images.forEach((image, n) => {
          const walks = domainWalks(image, domain);
          requireSameSize({ item, domain, walks }, 'label', image, labels[n]);
          const other = spacingDiffers(image, labels[n]);
          if (
            other &&
            !faults.some(({ path, severity }) => severity === 'warning' && path[1] === name)
          )
            faults.push({
              message: other,
              severity: 'warning',
              path: ['domains', name, 'labels'],
              fixes: [],
            });
        });
        read++;
        const [head] = images;
        const count = images.length > 1 ? images.length : head.shape[2];
        slices += count;
        sizes.add(`${head.shape[0]} x ${head.shape[1]}${count > 1 ? ` x ${count}` : ''}`);
        if (head.hasSpacing)
          spacings.add(head.spacing.map((s) => Number(s.toPrecision(3))).join(' x '));
        for (const image of images) {
          kinds.add(`${image.format} ${image.dtype}`);
          range = range
            ? [Math.min(range[0], image.range[0]), Math.max(range[1], image.range[1])]
            : image.range;
        }
        const own = new Map<number, number>();
        for (const label of labels) {
          if (label.counts === null) tooMany = true;
          else
            for (const [value, times] of label.counts)
              own.set(value, (own.get(value) ?? 0) + times);
        }
        for (const [value, times] of own) samples.set(value, (samples.get(value) ?? 0) + times);
        classCounts(config, domain, own).forEach((times, n) => {
          if (times > 0) having[n]++;
        });
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        faults.push(await faultOf(config, name, error));
        // One damaged file is told; a thousand are not.
        if (faults.length >= 10) break;
      }
    }
    const values = tooMany ? null : valuesOf(samples);
    const total = [...samples.values()].reduce((a, b) => a + b, 0);
    const counts = classCounts(config, domain, samples);
    if (read > 0 && !tooMany)
      config.classes.forEach((className, n) => {
        if (counts[n] === 0)
          faults.push(missingClass(config, name, className, values!, read, cases.length));
      });
    return {
      survey: {
        role: domain.role,
        cases: cases.map(({ id, split, images, labels }) => {
          const middle = Math.floor(images.length / 2);
          return { id, split, image: images[middle], label: labels[middle] };
        }),
        files: cases.reduce((sum, item) => sum + item.images.length, 0),
        read,
        slices,
        sizes: sizes.sorted(),
        spacings: spacings.sorted(),
        kinds: [...kinds].sort(),
        range,
        classes: config.classes.map((className, n) => ({
          name: className,
          share: total > 0 ? counts[n] / total : 0,
          cases: having[n],
        })),
        values,
      },
      faults,
    };
  }
}

/** Cases in an order in which any number of the first ones is spread over all: by halves, quarters, ... */
export function spreadOut<T>(items: readonly T[]): T[] {
  const order: T[] = [];
  const taken = new Set<number>();
  for (let step = items.length; step >= 1; step = step / 2)
    for (let at = 0; at < items.length; at += step) {
      const n = Math.floor(at);
      if (taken.has(n)) continue;
      taken.add(n);
      order.push(items[n]);
    }
  return [...order, ...items.filter((_, n) => !taken.has(n))];
}

// --- files --------------------------------------------------------------------------------------------------------

/** Facts of files, by path, for as long as size and time of modification stay. */
class FileCache<T> {
  private readonly facts = new Map<string, { stamp: string; value: T }>();

  constructor(private readonly learn: (path: string, choice: ReadChoice) => Promise<T>) {}

  async get(path: string, choice: ReadChoice = {}): Promise<T> {
    const stamp = await stampOf(path);
    if (stamp === null) throw new UserError(`${path} does not exist.`);
    const key = JSON.stringify([path, choice.series, choice.frame, choice.oneHot]);
    const known = this.facts.get(key);
    if (known?.stamp === stamp) return known.value;
    const value = await this.learn(path, choice);
    this.facts.set(key, { stamp, value });
    return value;
  }
}

async function imageFacts(path: string, choice: ReadChoice): Promise<ImageFacts> {
  const { format, shape, affine, dtype, spacing, hasSpacing, data } = await readVolume(
    path,
    choice,
  );
  let [min, max] = [Infinity, -Infinity];
  for (let n = 0; n < data.length; n++) {
    const value = data[n];
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { path, format, shape, affine, dtype, spacing, hasSpacing, range: [min, max] };
}

async function labelFacts(path: string, choice: ReadChoice): Promise<LabelFacts> {
  const volume = await readVolume(path, choice);
  const { format, shape, affine, spacing, hasSpacing } = volume;
  return {
    path,
    format,
    shape,
    affine,
    spacing,
    hasSpacing,
    counts: countSamples(volume),
  };
}

/** @throws UserError as `labelSamples` */
function countSamples(volume: Volume): Map<number, number> | null {
  const { data, channels, marks } = volume;
  const voxels = data.length / channels;
  const { samples } = labelSamples(volume);
  const colorAt =
    channels === 3
      ? (n: number) => colorKey(data[n], data[n + voxels], data[n + 2 * voxels])
      : (n: number) => (marks ? data[n] : samples[n]);
  const sampleAt = marks ? (n: number) => markKey(marks[n], colorAt(n)) : colorAt;
  const counts = new Map<number, number>();
  // Labels come in runs, and comparing is faster than the map.
  let n = 0;
  while (n < voxels) {
    const value = sampleAt(n);
    const start = n++;
    // A value that is not a number is a run of its own.
    while (n < voxels && sampleAt(n) === value) n++;
    counts.set(value, (counts.get(value) ?? 0) + n - start);
    if (counts.size > mostValues) return null;
  }
  return counts;
}

/** Pixels of each class among counted samples. */
function classCounts(
  config: DistillConfig,
  domain: DomainConfig,
  samples: Map<number, number>,
): number[] {
  const counts = config.classes.map(() => 0);
  const keys = [...samples.keys()];
  const count = (own: number[], data: Volume['data'], channels: number, marks?: Uint16Array) => {
    const { labels } = mapLabels({ data, channels, marks }, config.classes, domain.values);
    own.forEach((key, n) => {
      if (labels[n] > 0) counts[labels[n] - 1] += samples.get(key)!;
    });
  };
  const greys = keys.filter((key) => !isColor(key) && !isMark(key));
  if (greys.length > 0) count(greys, Float64Array.from(greys), 1);
  const colorsOf = (some: number[]) =>
    Uint8Array.from([0, 1, 2].flatMap((c) => some.map((key) => colorOf(key)[c])));
  const colors = keys.filter(isColor);
  if (colors.length > 0) count(colors, colorsOf(colors), 3);
  const marked = keys.filter(isMark);
  if (marked.length > 0) count(marked, colorsOf(marked), 3, Uint16Array.from(marked.map(markOf)));
  return counts;
}

const valuesOf = (samples: Map<number, number>): NonNullable<DomainSurvey['values']> =>
  [...samples.keys()]
    .sort((a, b) => a - b)
    .map((key) => (isMark(key) ? markOf(key) : isColor(key) ? colorOf(key) : key));

function spacingDiffers(image: ImageFacts, label: LabelFacts): string | null {
  if (!image.hasSpacing || !label.hasSpacing) return null;
  const [ours, theirs] = [image, label].map(({ spacing }) => [...spacing].sort((a, b) => a - b));
  if (ours.every((mm, n) => Math.abs(mm - theirs[n]) <= 0.01 * mm)) return null;
  const shown = (spacing: readonly number[]) =>
    spacing.map((s) => Number(s.toPrecision(4))).join(' x ');
  return `Image and label differ in voxel size: ${image.path} states ${shown(image.spacing)} mm and ${label.path} ${shown(label.spacing)} mm.`;
}

class Counter {
  private readonly counts = new Map<string, number>();
  add(key: string): void {
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }
  sorted(): [string, number][] {
    return [...this.counts].sort((a, b) => b[1] - a[1] || naturalOrder(a[0], b[0]));
  }
}

// --- faults and their fixes ---------------------------------------------------------------------------------------

async function faultOf(
  config: DistillConfig,
  name: string,
  error: UserError,
): Promise<SurveyFault> {
  const field = [
    'images',
    'labels',
    'masks',
    'split.train',
    'split.validation',
    'split.test',
    'split',
    'fov',
  ].find((part) => error.message.startsWith(`domains.${name}.${part}`));
  const path = ['domains', name, ...(field?.split('.') ?? [])];
  const pattern =
    field === 'images' || field === 'labels' || field === 'masks'
      ? config.domains[name][field]
      : undefined;
  return {
    message: error.message,
    severity: 'error',
    path,
    fixes: pattern === undefined ? [] : await patternFixes(pattern, path),
  };
}

/** For a pattern that matches nothing: folders of a like name, and the ending that the files there have. */
export async function patternFixes(pattern: string, path: (string | number)[]): Promise<Fix[]> {
  const replace = (from: string, to: string): Fix => ({
    title: `Replace "${from}" by "${to}"`,
    edits: [{ path, segment: { from, to } }],
  });
  let base: string;
  try {
    ({ base } = parsePattern(pattern));
  } catch {
    return [];
  }
  let near = base;
  let missing: string | null = null;
  while (!(await isFolder(near)) && dirname(near) !== near) {
    missing = basename(near);
    near = dirname(near);
  }
  const entries = await readdir(near, { withFileTypes: true }).catch(() => []);
  if (missing !== null) {
    const wanted = missing;
    const distance = (name: string) => editDistance(name.toLowerCase(), wanted.toLowerCase());
    return entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => ({ name, distance: distance(name) }))
      .filter(({ name, distance: d }) => d <= Math.max(2, name.length / 3))
      .sort((a, b) => a.distance - b.distance)
      .slice(0, 3)
      .map(({ name }) => replace(wanted, name));
  }
  const last = pattern.slice(pattern.lastIndexOf('/') + 1);
  const ending = /(\.\w+)?\.\w+$/.exec(last.replace(/\{[^{}]*\}/g, 'x'))?.[0];
  const found = entries.find((entry) => entry.isFile() && !entry.name.startsWith('.'));
  const other = found && /\.nii\.gz$|\.\w+$/.exec(found.name)?.[0];
  return ending !== undefined && other !== undefined && other !== ending && last.endsWith(ending)
    ? [replace(last, last.slice(0, -ending.length) + other)]
    : [];
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

function missingClass(
  config: DistillConfig,
  name: string,
  className: string,
  values: NonNullable<DomainSurvey['values']>,
  read: number,
  cases: number,
): SurveyFault {
  const path = ['domains', name, 'values', className];
  const given = config.domains[name].values[className];
  const taken = new Set(Object.values(config.domains[name].values).flat());
  const others = values.filter(
    (value) => typeof value !== 'number' || (value !== 0 && !taken.has(value)),
  );
  const shown = (value: (typeof values)[number]) =>
    typeof value === 'number' ? String(value) : `{ "color": [${value.join(', ')}] }`;
  const listed =
    values.length <= 12
      ? values.map(shown).join(', ')
      : `${values.length} values from ${shown(values[0])} to ${shown(values.at(-1)!)}`;
  const set = (text: string, value: unknown): Fix => ({
    title: `Let ${text} mean ${className}`,
    edits: [{ path, value }],
  });
  const numbers = others.filter((value) => typeof value === 'number');
  const fixes =
    others.length > 8 && numbers.length === others.length && Math.max(...numbers) > 127
      ? [set('what is above 127', { above: 127 })]
      : others
          .filter((value) => typeof value === 'number' || value.some((part) => part > 0))
          .slice(0, 4)
          .map((value) => set(shown(value), typeof value === 'number' ? value : { color: value }));
  return {
    message: `${path.join('.')}: ${JSON.stringify(given)} never occurs in the labels of the ${read === cases ? '' : `${read} examined of `}${cases} cases; these values occur: ${listed}.`,
    severity: read === cases ? 'error' : 'warning',
    path,
    fixes,
  };
}
