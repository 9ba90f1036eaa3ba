import type { DistillConfig, DomainConfig, Split } from '../config/config';
import type { SplitName } from '../contract/cohort';
import { ConfigError, UserError } from '../errors';
import { Random } from '../random';
import { matchPattern, parsePattern, type PatternMatch } from './pattern';
import { evenly, naturalOrder } from '../lists';

/** What identifies a case within a cohort and where its files are. */
export interface CohortCase {
  domain: string;
  id: string;
  /** Cases of one subject are never split apart. */
  subject: string;
  split: SplitName;
  /** One file for a volume or photograph, or one folder for a DICOM series; one file a slice for loose slices, in slice order. */
  images: string[];
  labels: string[];
  masks: string[];
}

/** The cases of every domain, each with its files and its split; cases in natural order of their ids. */
export interface Cohort {
  domains: Record<string, CohortCase[]>;
}

const splitNames: readonly SplitName[] = ['train', 'validation', 'test'];

/** The cases of one split of one domain. */
export function casesOf(cohort: Cohort, domain: string, split: SplitName): CohortCase[] {
  return cohort.domains[domain].filter((item) => item.split === split);
}

/**
 * Finds the files of every domain, pairs images with labels and masks, and splits the source's cases by subject.
 * With `onlyDomains`, to evaluate on them, none need be a source. Reads no image: what is in them is checked when they are prepared.
 * @throws ConfigError or UserError, one sentence, for patterns that match nothing, images and labels that do not pair,
 * a file matched twice, splits that overlap or name unknown cases, and a source without training or validation cases.
 */
export async function scanCohort(config: DistillConfig, onlyDomains = false): Promise<Cohort> {
  const domains = Object.entries(config.domains);
  if (!onlyDomains && !domains.some(([, domain]) => domain.role === 'source'))
    throw new ConfigError(
      `${config.file}: no domain has the role "source"; at least one is needed to train on.`,
    );
  const cohort: Cohort = { domains: {} };
  const seen = new Map<string, string>();
  for (const [name, domain] of domains) {
    const cases = splitCases(name, domain, await pairFiles(name, domain), config.training.seed);
    for (const path of cases.flatMap((item) => item.images)) {
      const other = seen.get(path);
      if (other !== undefined)
        throw new ConfigError(
          `The image ${path} is matched twice, by the domains ${other} and ${name}; it may belong to one only.`,
        );
      seen.set(path, name);
    }
    cohort.domains[name] = cases;
  }
  return cohort;
}

/** A case before it has a split. */
type UnsplitCase = Omit<CohortCase, 'split'>;

/** The files of a domain and which of them belong together. */
interface Pairs {
  images: PatternMatch[];
  labelOf: Map<string, string>;
  maskOf: Map<string, string> | null;
  /** Files without their counterpart, one sentence a kind. */
  faults: ConfigError[];
}

async function matchFiles(name: string, domain: DomainConfig): Promise<Pairs> {
  const field = `domains.${name}`;
  const find = async (part: 'images' | 'labels' | 'masks', text: string) => {
    if (!parsePattern(text).names.includes('case'))
      throw new ConfigError(
        `${field}.${part}: the pattern ${text} has no {case}, which names the case that a file belongs to.`,
      );
    try {
      return await matchPattern(text);
    } catch (error) {
      if (error instanceof ConfigError || !(error instanceof UserError)) throw error;
      throw new ConfigError(`${field}.${part}: ${error.message}`);
    }
  };
  if (domain.fov === 'provided' && domain.masks === undefined)
    throw new ConfigError(`${field}.fov is "provided", but ${field}.masks names no files.`);
  const images = await find('images', domain.images);
  const labels = await find('labels', domain.labels);
  const masks = domain.masks === undefined ? null : await find('masks', domain.masks);

  const faults: ConfigError[] = [];
  const labelOf = pair(`${field}.labels`, domain.images, images, domain.labels, labels);
  const without = images.filter((image) => !labelOf.has(image.path));
  if (without.length > 0)
    faults.push(
      new ConfigError(
        `${field}: ${without.length} of ${images.length} images have no label, the first of them ${listed(without)}; the pattern of the labels is ${domain.labels}.`,
      ),
    );
  const used = new Set(labelOf.values());
  const unused = labels.filter((label) => !used.has(label.path));
  if (unused.length > 0)
    faults.push(
      new ConfigError(
        `${field}: ${unused.length} of ${labels.length} labels have no image, the first of them ${listed(unused)}; the pattern of the images is ${domain.images}.`,
      ),
    );
  const maskOf = masks && pair(`${field}.masks`, domain.images, images, domain.masks!, masks);
  const unmasked = maskOf ? images.filter((image) => !maskOf.has(image.path)) : [];
  if (unmasked.length > 0)
    faults.push(
      new ConfigError(
        `${field}: ${unmasked.length} of ${images.length} images have no mask, the first of them ${listed(unmasked)}; the pattern of the masks is ${domain.masks}.`,
      ),
    );
  return { images, labelOf, maskOf, faults };
}

/**
 * What can be told of one domain in spite of its faults: the cases whose files belong together, with their splits where
 * these can be made.
 */
export async function examineDomain(
  name: string,
  domain: DomainConfig,
  seed: number,
): Promise<{ cases: CohortCase[]; faults: UserError[] }> {
  let pairs: Pairs;
  try {
    pairs = await matchFiles(name, domain);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { cases: [], faults: [error] };
  }
  const whole = pairs.images.filter(
    ({ path }) => pairs.labelOf.has(path) && (pairs.maskOf?.has(path) ?? true),
  );
  let cases: UnsplitCase[] = [];
  try {
    cases = groupCases(name, domain, { ...pairs, images: whole });
    return { cases: splitCases(name, domain, cases, seed), faults: pairs.faults };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return {
      cases: cases.map((item) => ({ ...item, split: 'test' })),
      faults: [...pairs.faults, error],
    };
  }
}

async function pairFiles(name: string, domain: DomainConfig): Promise<UnsplitCase[]> {
  const pairs = await matchFiles(name, domain);
  if (pairs.faults.length > 0) throw pairs.faults[0];
  return groupCases(name, domain, pairs);
}

function groupCases(
  name: string,
  domain: DomainConfig,
  { images, labelOf, maskOf }: Pairs,
): UnsplitCase[] {
  const field = `domains.${name}`;
  const byCase = new Map<string, PatternMatch[]>();
  for (const image of images) {
    const id = image.values.case;
    byCase.set(id, [...(byCase.get(id) ?? []), image]);
  }
  return [...byCase]
    .sort(([a], [b]) => naturalOrder(a, b))
    .map(([id, files]) => {
      const subjects = [...new Set(files.map((file) => file.values.subject ?? id))];
      if (subjects.length > 1)
        throw new ConfigError(
          `${field}.images: case ${id} has files of the subjects ${subjects.join(' and ')}; a case belongs to one.`,
        );
      const slices = evenly(
        files.sort(
          (a, b) =>
            naturalOrder(a.values.slice ?? '', b.values.slice ?? '') ||
            naturalOrder(a.path, b.path),
        ),
        domain.maxSlices,
      );
      return {
        domain: name,
        id,
        subject: subjects[0],
        images: slices.map((file) => file.path),
        labels: slices.map((file) => labelOf.get(file.path)!),
        masks: maskOf ? slices.map((file) => maskOf.get(file.path)!) : [],
      };
    });
}

/** For each image the file with the same values of all placeholders that both patterns have. */
function pair(
  field: string,
  imagePattern: string,
  images: PatternMatch[],
  otherPattern: string,
  others: PatternMatch[],
): Map<string, string> {
  const otherNames = parsePattern(otherPattern).names;
  const names = parsePattern(imagePattern).names.filter((name) => otherNames.includes(name));
  const key = (match: PatternMatch) => JSON.stringify(names.map((name) => match.values[name]));
  const index = new Map<string, string>();
  for (const other of others) {
    const twin = index.get(key(other));
    if (twin !== undefined)
      throw new ConfigError(
        `${field}: ${twin} and ${other.path} belong to the same image, since they agree in ${braced(names)}.`,
      );
    index.set(key(other), other.path);
  }
  const result = new Map<string, string>();
  const taken = new Map<string, string>();
  for (const image of images) {
    const found = index.get(key(image));
    const twin = taken.get(key(image));
    if (twin !== undefined)
      throw new ConfigError(
        `${field.replace(/\.\w+$/, '.images')}: the same image is matched twice, as ${twin} and as ${image.path}, which agree in ${braced(names)}.`,
      );
    taken.set(key(image), image.path);
    if (found !== undefined) result.set(image.path, found);
  }
  return result;
}

const braced = (names: string[]) => names.map((name) => `{${name}}`).join(', ');
const listed = (matches: PatternMatch[]) =>
  matches
    .slice(0, 3)
    .map((match) => match.path)
    .join(', ');

function splitCases(
  name: string,
  domain: DomainConfig,
  cases: UnsplitCase[],
  seed: number,
): CohortCase[] {
  if (domain.role === 'target')
    return evenly(cases, domain.maxCases).map((item) => ({ ...item, split: 'test' }));
  const split = isExplicit(domain.split)
    ? explicitSplit(name, domain.split, cases, domain.maxCases)
    : seededSplit(name, domain.split, evenly(cases, domain.maxCases), seed);
  for (const part of ['train', 'validation'] as const)
    if (!split.some((item) => item.split === part))
      throw new ConfigError(
        `domains.${name}: no case is left for ${part === 'train' ? 'training' : 'validation'}; a source domain needs at least one case for each, and ${split.length} of the ${cases.length} found are in use.`,
      );
  return split;
}

type ExplicitSplit = Record<SplitName, string[]>;
const isExplicit = (split: Split): split is ExplicitSplit => Array.isArray(split.train);

/** Cases as listed; those in no list are left out. `limit` keeps at least one case of each list. */
function explicitSplit(
  name: string,
  lists: ExplicitSplit,
  cases: UnsplitCase[],
  limit: number,
): CohortCase[] {
  const field = `domains.${name}.split`;
  const byId = new Map(cases.map((item) => [item.id, item]));
  const placeOf = new Map<string, SplitName>();
  const subjects = new Map<string, { split: SplitName; id: string }>();
  for (const split of splitNames)
    for (const given of lists[split]) {
      // As patterns give them.
      const id = given.normalize();
      const item = byId.get(id);
      const before = placeOf.get(id);
      if (item === undefined)
        throw new ConfigError(
          `${field}.${split} names the case ${id}, which is not among the ${cases.length} found (${cases
            .slice(0, 5)
            .map((known) => known.id)
            .join(', ')}${cases.length > 5 ? ', ...' : ''}).`,
        );
      if (before !== undefined)
        throw new ConfigError(
          before === split
            ? `${field}.${split} names the case ${id} twice.`
            : `${field}: the splits overlap, since the case ${id} is in both ${before} and ${split}.`,
        );
      const relative = subjects.get(item.subject);
      if (relative !== undefined && relative.split !== split)
        throw new ConfigError(
          `${field}: the cases ${relative.id} in ${relative.split} and ${id} in ${split} are of one subject, ${item.subject}, which may not be split apart.`,
        );
      placeOf.set(id, split);
      subjects.set(item.subject, { split, id });
    }
  const share = limit > 0 ? Math.min(1, limit / placeOf.size) : 1;
  const kept = new Set(
    splitNames.flatMap((split) =>
      evenly(
        cases.filter((item) => placeOf.get(item.id) === split).map((item) => item.id),
        share === 1 ? 0 : Math.max(1, Math.round(share * lists[split].length)),
      ),
    ),
  );
  return cases
    .filter((item) => kept.has(item.id))
    .map((item) => ({ ...item, split: placeOf.get(item.id)! }));
}

/**
 * Shares of the subjects, in an order that depends on the seed and the domain's name. Each share above 0 gets at least
 * one subject while there are enough; what rounding leaves goes to training.
 */
function seededSplit(
  name: string,
  shares: Record<SplitName, number>,
  cases: UnsplitCase[],
  seed: number,
): CohortCase[] {
  const subjects = [...new Set(cases.map((item) => item.subject))].sort(naturalOrder);
  const shuffled = new Random(seed, 'split', name).shuffle(subjects);
  const total = splitNames.reduce((sum, split) => sum + shares[split], 0);
  const count = (split: SplitName) =>
    shares[split] > 0 ? Math.max(1, Math.round((shares[split] / total) * subjects.length)) : 0;
  const validation = count('validation');
  const room = subjects.length - validation - (shares.train > 0 ? 1 : 0);
  const test = Math.max(0, Math.min(count('test'), room));
  const splitOf = new Map(
    shuffled.map((subject, n): [string, SplitName] => [
      subject,
      n < validation ? 'validation' : n < validation + test ? 'test' : 'train',
    ]),
  );
  return cases.map((item) => ({ ...item, split: splitOf.get(item.subject)! }));
}
