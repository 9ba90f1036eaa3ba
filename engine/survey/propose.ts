import { readdir } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { matchPattern } from '../cohort/pattern';
import { naturalOrder } from '../lists';
import { labelSamples } from '../preparation/labels';
import { imageEnding, isPictureName } from '../images/catalogue';
import { readVolume } from '../images/read-volume';
import { isUnreadName, unreadFormat } from '../images/unread';
import type { Volume } from '../images/volume';
import { UserError } from '../errors';

/** Images and labels that belong together by their names. */
export interface ProposedDomain {
  name: string;
  /** Patterns relative to the folder that was looked at. */
  images: string;
  labels: string;
  masks?: string;
  cases: number;
}

/** Folders are searched to this depth, and so many files are looked at. */
const deepest = 6;
const mostFiles = 50_000;

const labelWords =
  /(^|[^a-z])(labels?(tr|ts)?|seg(mentations?)?|masks?|gt|ground(truth)?|manual|annotations?|truth|reference|vessels?|[12]st(ho)?)([^a-z]|$)/i;
const fovWords = /(^|[^a-z])(fov|mask|masks|roi)([^a-z]|$)/i;

interface FileGroup {
  /** Folder of the files, or with `{case}` for one folder a case, relative, `/`-separated. */
  folder: string;
  ending: string;
  /** Id in the folder's name where that holds `{case}`; else the file's name without ending. */
  files: { stem: string; path: string; key: string }[];
}

/**
 * Finds images and their labels below a folder by their names: `ct/images/a.nii.gz` and `ct/labels/a.nii.gz`, `a.png` and
 * `a_seg.png`, `a/image.nii` and `a/label.nii`. Domains come with the largest first.
 */
export async function findDomains(folder: string): Promise<ProposedDomain[]> {
  const groups = groupFiles(await listFiles(folder));
  const labels = groups.filter(isLabelGroup);
  const domains: ProposedDomain[] = [];
  const taken = new Set<FileGroup>();
  for (const images of groups.filter((group) => !isLabelGroup(group))) {
    const matches = labels
      .filter((group) => !taken.has(group))
      .flatMap((group) => {
        const match = matchGroups(images, group);
        return match ? [{ group, ...match }] : [];
      })
      .sort(
        (a, b) =>
          b.cases - a.cases ||
          distance(images.folder, a.group.folder) - distance(images.folder, b.group.folder) ||
          Number(fovWords.test(a.labels)) - Number(fovWords.test(b.labels)),
      );
    const [best, ...others] = matches;
    if (!best) continue;
    taken.add(best.group);
    const fov = others
      .filter(({ group }) => fovWords.test(`${group.folder}/${group.files[0].stem}`))
      .flatMap(({ group }) => {
        const masks = patternOf(group, best.ids);
        return masks === null ? [] : [{ group, masks }];
      })
      .at(0);
    if (fov) taken.add(fov.group);
    const { images: imagePattern, labels: labelPattern, cases } = best;
    domains.push({
      name: '',
      images: imagePattern,
      labels: labelPattern,
      ...(fov ? { masks: fov.masks } : {}),
      cases,
    });
  }
  return nameDomains(folder, domains).sort((a, b) => b.cases - a.cases);
}

/**
 * A config for the images and labels below a folder, to start from: the largest domain as the source, label values and CT
 * windows from the first files. @throws UserError where no image has a label
 */
export async function proposeConfig(folder: string, className: string): Promise<string> {
  const found = await findDomains(folder);
  if (found.length === 0) {
    const [unread] = await listFiles(folder, isUnreadName);
    if (unread !== undefined) throw unreadFormat(join(folder, unread));
    throw new UserError(
      `No images with labels were found in ${folder}: they are told by their names, such as images/a.png and labels/a.png, or a.nii.gz and a_seg.nii.gz.`,
    );
  }
  const domains: Record<string, object> = {};
  let classes = [className];
  for (const [n, { name, images, labels, masks }] of found.entries()) {
    const [image, label] = await Promise.all([first(folder, images), first(folder, labels)]);
    const labelled = label ? await findLabels(label) : null;
    if (n === 0 && labelled !== null && typeof labelled === 'object' && 'values' in labelled)
      if (labelled.values.length > 1 && labelled.values.length <= 8)
        classes = labelled.values.map((value) => `${className} ${value}`);
    domains[name] = {
      role: n === 0 ? 'source' : 'target',
      images,
      labels,
      ...(masks === undefined ? {} : { masks }),
      ...(labelled === null ? {} : valuesField(labelled, classes)),
      ...(image && (await isCt(image)) ? { intensity: { window: [-160, 240] } } : {}),
    };
  }
  const head =
    found.length === 1
      ? '  // One domain was found. A target, from another scanner or site, shows what distillation is worth.\n'
      : '';
  const body = JSON.stringify(
    { classes, domains, teacher: 'unet', student: 'mobilenetv2-unet' },
    null,
    2,
  );
  return `{\n${head}${body.slice(2)}\n`;
}

// --- files --------------------------------------------------------------------------------------------------------

async function listFiles(
  root: string,
  wanted = (name: string) => imageEnding(name) !== null,
): Promise<string[]> {
  const files: string[] = [];
  const walk = async (folder: string, depth: number): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries.sort((a, b) => naturalOrder(a.name, b.name))) {
      if (files.length >= mostFiles) return;
      if (/^(\.|node_modules$|runs$|predictions$)/.test(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory() && depth > 0) await walk(path, depth - 1);
      else if (entry.isFile() && wanted(entry.name)) files.push(path);
    }
  };
  await walk(root, deepest);
  return files.map((path) => relative(root, path).replaceAll('\\', '/'));
}

/** Files of one ending in one folder; or, where each case has a folder, the files of one name in all of them. */
function groupFiles(paths: string[]): FileGroup[] {
  const byFolder = new Map<string, FileGroup>();
  const add = (folder: string, path: string, stem: string, ending: string, part = '') => {
    const key = `${folder}\n${ending}\n${part}`;
    const group = byFolder.get(key) ?? { folder, ending, files: [] };
    group.files.push({ stem, path, key: stem });
    byFolder.set(key, group);
  };
  const parts = paths.map((path) => {
    const name = basename(path);
    const ending = imageEnding(name)!;
    return { path, folder: dirname(path), name, stem: name.slice(0, -ending.length), ending };
  });
  const twins = new Map<string, Set<string>>();
  for (const { folder, name } of parts) {
    const key = `${dirname(folder)}\n${name}`;
    twins.set(key, (twins.get(key) ?? new Set()).add(folder));
  }
  for (const { path, folder, name, stem, ending } of parts) {
    const above = dirname(folder);
    const perCase = folder !== '.' && (twins.get(`${above}\n${name}`)?.size ?? 0) > 1;
    // images/a.png and labels/a.png have a name in common too, but those folders are told by theirs.
    if (perCase && !isKindFolder(basename(folder)))
      add(`${above === '.' ? '' : `${above}/`}{case}`, path, basename(folder), `/${name}`, name);
    else add(folder, path, stem, ending, labelWords.test(suffixOf(stem)) ? suffixOf(stem) : '');
  }
  return [...byFolder.values()].filter(({ files }) => files.length > 0);
}

const isKindFolder = (name: string) =>
  labelWords.test(name) ||
  fovWords.test(name) ||
  /^(im(a)?g(e)?s?(tr|ts)?|data|scans?|inputs?|volumes?)$/i.test(name);

/** The last word of a name, which tells a label from its image: `_seg` of `a_seg`. */
const suffixOf = (stem: string): string => /[-_. ][A-Za-z0-9]+$/.exec(stem)?.[0] ?? '';

function isLabelGroup({ folder, ending, files }: FileGroup): boolean {
  const kind = folder.endsWith('{case}')
    ? ending
    : `${basename(folder)} ${suffixOf(files[0].stem)}`;
  return labelWords.test(kind);
}

function matchGroups(
  images: FileGroup,
  labels: FileGroup,
): { images: string; labels: string; cases: number; ids: string[] } | null {
  if (images.folder.endsWith('{case}') !== labels.folder.endsWith('{case}')) return null;
  if (images.folder.endsWith('{case}')) {
    if (images.folder !== labels.folder) return null;
    const ids = new Set(labels.files.map(({ key }) => key));
    const cases = images.files.filter(({ key }) => ids.has(key)).length;
    return cases === images.files.length && cases === labels.files.length
      ? {
          images: images.folder + images.ending,
          labels: labels.folder + labels.ending,
          cases,
          ids: images.files.map(({ key }) => key),
        }
      : null;
  }
  const affixes = commonId(
    images.files[0].stem,
    labels.files.map(({ stem }) => stem),
  );
  if (!affixes) return null;
  const { image, label } = affixes;
  const idOf = (stem: string, { before, after }: Affixes) =>
    stem.startsWith(before) && stem.endsWith(after) && stem.length > before.length + after.length
      ? stem.slice(before.length, stem.length - after.length)
      : null;
  const ids = new Set(labels.files.map(({ stem }) => idOf(stem, label)));
  const matching = images.files.filter(({ stem }) => {
    const id = idOf(stem, image);
    return id !== null && ids.has(id);
  });
  // Every label needs its image; images without a label may be something else.
  if (ids.has(null) || matching.length !== labels.files.length) return null;
  if (matching.length !== images.files.length) return null;
  const known = matching.map(({ stem }) => idOf(stem, image)!);
  const id = slicesOf(images, known);
  return {
    images: written(images, image, id),
    labels: written(labels, label, id),
    cases: matching.length,
    ids: known,
  };
}

const written = ({ folder, ending }: FileGroup, { before, after }: Affixes, id: string): string =>
  `${folder === '.' ? '' : `${folder}/`}${before}${id}${after}${ending}`;

/** The pattern of files that are named after known ids, one each; null where they are not. */
function patternOf(group: FileGroup, ids: string[]): string | null {
  if (group.files.length !== ids.length) return null;
  if (group.folder.endsWith('{case}')) return group.folder + group.ending;
  const [{ stem }] = group.files;
  // The longest, since `1` is in `10` too.
  const id = ids
    .filter((one) => stem.includes(one))
    .sort((a, b) => b.length - a.length)
    .at(0);
  if (id === undefined) return null;
  const at = stem.indexOf(id);
  const affixes = { before: stem.slice(0, at), after: stem.slice(at + id.length) };
  const stems = new Set(group.files.map((file) => file.stem));
  return ids.every((one) => stems.has(affixes.before + one + affixes.after))
    ? written(group, affixes, slicesOf(group, ids))
    : null;
}

/**
 * `{case}_{slice}` for pictures that are slices of volumes, told by ids that end in a number and have their beginning in common
 * with some others, not with all. Slices of one case must not be split apart.
 */
function slicesOf({ ending }: FileGroup, ids: string[]): string {
  const parts = ids.map((id) => /^(.+)([-_])(\d+)$/.exec(id));
  if (!isPictureName(ending) || !parts.every((part) => part !== null)) return '{case}';
  const cases = new Set(parts.map(([, begin]) => begin));
  const separators = new Set(parts.map(([, , separator]) => separator));
  return cases.size > 1 && cases.size * 1.5 <= ids.length && separators.size === 1
    ? `{case}${parts[0][2]}{slice}`
    : '{case}';
}

interface Affixes {
  before: string;
  after: string;
}

/** What stands around the id that an image shares with one of some labels, the one it has most in common with. */
function commonId(image: string, labels: string[]): { image: Affixes; label: Affixes } | null {
  let best: { image: Affixes; label: Affixes; length: number } | null = null;
  for (const label of labels) {
    const { length, a, b } = longestCommon(image, label);
    if (length === 0 || length <= (best?.length ?? 0)) continue;
    // An id begins and ends with a letter or a digit; what parts it from a word belongs to the word.
    const id = image.slice(a, a + length);
    const lead = /^[-_. ]*/.exec(id)![0].length;
    const trail =
      a + length === image.length && b + length === label.length
        ? 0
        : /[-_. ]*$/.exec(id)![0].length;
    const size = length - lead - trail;
    if (size <= 0) continue;
    const cut = (text: string, at: number): Affixes => ({
      before: text.slice(0, at + lead),
      after: text.slice(at + lead + size),
    });
    best = { image: cut(image, a), label: cut(label, b), length };
  }
  return best;
}

function longestCommon(a: string, b: string): { length: number; a: number; b: number } {
  let best = { length: 0, a: 0, b: 0 };
  let row = new Array<number>(b.length + 1).fill(0);
  for (let i = 1; i <= a.length; i++) {
    const next = new Array<number>(b.length + 1).fill(0);
    for (let j = 1; j <= b.length; j++) {
      if (a[i - 1] !== b[j - 1]) continue;
      next[j] = row[j - 1] + 1;
      if (next[j] > best.length) best = { length: next[j], a: i - next[j], b: j - next[j] };
    }
    row = next;
  }
  return best;
}

/** Folders that lie between two. */
function distance(a: string, b: string): number {
  const [x, y] = [a.split('/'), b.split('/')];
  let same = 0;
  while (same < x.length && same < y.length && x[same] === y[same]) same++;
  return x.length + y.length - 2 * same;
}

const isPart = (name: string) => /^(train(ing)?|tr|test(ing)?|ts|val(idation)?)$/i.test(name);

/** Domains are named after the last folder that tells them apart. */
function nameDomains(root: string, domains: ProposedDomain[]): ProposedDomain[] {
  const used = new Set<string>();
  return domains.map((domain) => {
    const folders = dirname(domain.images)
      .split('/')
      .filter((part) => part !== '.' && !part.includes('{') && !isKindFolder(part));
    const last = folders.at(-1) ?? basename(root);
    // "train" alone says nothing; what it is a part of does.
    const base = [...(isPart(last) ? folders.slice(-2, -1) : []), last]
      .join('-')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-');
    let name = base || 'domain';
    for (let n = 2; used.has(name); n++) name = `${base}-${n}`;
    used.add(name);
    return { ...domain, name };
  });
}

// --- what is in them ----------------------------------------------------------------------------------------------

async function first(root: string, pattern: string): Promise<string | null> {
  const matches = await matchPattern(join(root, pattern)).catch(() => []);
  return matches[Math.floor(matches.length / 2)]?.path ?? null;
}

type FoundLabels = { values: number[] } | { color: [number, number, number] } | 'shades';

/** Samples above 0 of a label file; of a colour file the most frequent colour; `shades` where they are too many; null: not read. */
async function findLabels(path: string): Promise<FoundLabels | null> {
  const volume = await readOrNull(path);
  if (!volume) return null;
  const { channels, marks } = volume;
  // Several frames are refused as labels until one is chosen.
  if (volume.unchosen) return null;
  const data = channels === 1 || marks ? labelSamples(volume).samples : volume.data;
  const voxels = data.length / channels;
  if (channels === 3 && !marks) {
    const counts = new Map<string, number>();
    for (let n = 0; n < voxels; n++) {
      const [r, g, b] = [data[n], data[n + voxels], data[n + 2 * voxels]];
      // Grey is left aside: the background, or what a lossy format made of black and white.
      if (Math.max(r, g, b) - Math.min(r, g, b) < 32) continue;
      const key = `${r},${g},${b}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const [most] = [...counts].sort((a, b) => b[1] - a[1]);
    return most ? { color: most[0].split(',').map(Number) as [number, number, number] } : 'shades';
  }
  const values = new Set<number>();
  for (let n = 0; n < data.length && values.size <= 256; n++) values.add(data[n]);
  values.delete(0);
  return values.size === 0 || values.size > 255
    ? 'shades'
    : { values: [...values].sort((a, b) => a - b) };
}

/** The `values` of a domain where its labels are not simply 1, 2, ... */
function valuesField(found: FoundLabels, classes: string[]): object {
  if (found === 'shades') return { values: { [classes[0]]: { above: 127 } } };
  if ('color' in found) return { values: { [classes[0]]: found } };
  const { values } = found;
  if (values.length > 8 || (values.length === 1 && values[0] > 127))
    return { values: { [classes[0]]: { above: values.at(-1)! > 127 ? 127 : 0 } } };
  if (values.every((value, n) => value === n + 1) && values.length === classes.length) return {};
  return {
    values: Object.fromEntries(classes.map((name, n) => [name, values[n] ?? values[0]])),
  };
}

/** A damaged file is told once the config is there; a proposal does not fail for it. */
const readOrNull = (path: string): Promise<Volume | null> =>
  readVolume(path).catch((error: unknown) => {
    if (error instanceof UserError) return null;
    throw error;
  });

/** Computed tomography has air at about -1000 Hounsfield units. */
async function isCt(path: string): Promise<boolean> {
  if (isPictureName(path)) return false;
  const { data } = (await readOrNull(path)) ?? { data: [] };
  let least = 0;
  for (let n = 0; n < data.length; n++) if (data[n] < least) least = data[n];
  return least <= -500 && least >= -4096;
}
