// The notices of what a VSIX passes on: every package that esbuild took a file from, and those that lie in it as they are.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Licences, by their SPDX names, that ask for nothing but their notice where the work is passed on. */
const allowed = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC-BY-4.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MPL-2.0',
  'OFL-1.1',
  'Unlicense',
  'Zlib',
]);

/** Packages that bring no text of their licence, and the file in scripts/licences that has it. */
const kept = {
  'onnxruntime-common': 'onnxruntime.txt',
  'onnxruntime-node': 'onnxruntime.txt',
  'onnxruntime-web': 'onnxruntime.txt',
};

/** Whether an SPDX expression lets the work be passed on: one of what OR joins, all of what AND joins. */
export const isAllowed = (expression) =>
  expression
    .replace(/[()]/g, ' ')
    .split(/\sOR\s/)
    .some((choice) => choice.split(/\sAND\s/).every((name) => allowed.has(name.trim())));

/** The folders of the packages that files come from. */
export const packagesOf = (files) => [
  ...new Set(
    files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0] ?? []),
  ),
];

/** The packages that lie whole in a folder `node_modules`, as folders below `from`. */
export const packagesIn = (folder, from) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((path) => /^(?:@[^/\\]+[/\\])?[^/\\@]+$/.test(path))
        .filter((path) => existsSync(join(folder, path, 'package.json')))
        .map((path) => join(from, path))
    : [];

const isLicence = (name) => /^(licen[cs]e|copying|notice|unlicense)([-._].*)?$/i.test(name);

/** A package's name, version, licence and its text. */
function noticeOf(folder) {
  const { name, version, license, licenses } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  );
  const licence = license?.type ?? license ?? licenses?.map(({ type }) => type).join(' OR ') ?? '';
  if (!isAllowed(licence))
    throw new Error(
      `${name} ${version} is under "${licence}", which is none of ${[...allowed].join(', ')}.`,
    );
  const own = readdirSync(folder).filter(isLicence).sort();
  const files =
    own.length > 0
      ? own.map((file) => join(folder, file))
      : Object.hasOwn(kept, name)
        ? [join(import.meta.dirname, 'licences', kept[name])]
        : [];
  if (files.length === 0)
    throw new Error(
      `${name} ${version} brings no text of its licence; scripts/notices.mjs says where others are kept.`,
    );
  const text = files
    .map((file) => readFileSync(file, 'utf8').replace(/\r\n?/g, '\n').trim())
    .join('\n\n');
  return { name, version, licence, text };
}

/**
 * The notices of packages by their folders, each text once. Throws where one has no text of its licence, or a licence under which the
 * whole may not be passed on.
 */
export function notices(folders) {
  const byText = new Map();
  for (const folder of folders) {
    const notice = noticeOf(folder);
    byText.set(notice.text, [...(byText.get(notice.text) ?? []), notice]);
  }
  const line = ({ name, version, licence }) => `${name} ${version} (${licence})`;
  const groups = [...byText]
    .map(([text, all]) => ({ heads: [...new Set(all.map(line))].sort(), text }))
    .sort((a, b) => (a.heads[0] < b.heads[0] ? -1 : 1));
  const rule = `\n\n${'-'.repeat(80)}\n\n`;
  return [
    'MedDistill contains what others have written, under the licences below.',
    ...groups.map(({ heads, text }) => `${heads.join('\n')}\n\n${text}`),
  ]
    .join(rule)
    .concat('\n');
}
