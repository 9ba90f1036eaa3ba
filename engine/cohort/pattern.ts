import { naturalOrder } from '../lists';
import { existsSync } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { ConfigError, UserError } from '../errors';
import { asStored } from '../files';

/**
 * File patterns: a glob with named parts.
 *
 * | in a pattern | matches |
 * | --- | --- |
 * | `*` | any characters but `/` |
 * | `**` | any characters, also `/`; `**` + `/` also no folder at all |
 * | `?` | one character but `/` |
 * | `{name}` | one or more characters but `/`, as few as needed; the same text wherever the name stands again |
 * | `{name:regex}` | what the regular expression matches; further `{name}`s may stand in it |
 *
 * A pattern with a `/` at its end matches folders: DICOM series, or stacks of pictures. So does one that matches no file.
 *
 * `{case}` is the id of the case, `{subject}` who it was taken from, `{slice}` its place within the case. Every other
 * name only serves to match images with labels.
 *
 * Accented letters, which may be stored as one character (NFC) or two (NFD, as by macOS), match in both forms; what a placeholder
 * stands for is given in NFC.
 */
export interface Pattern {
  text: string;
  names: string[];
  expression: RegExp;
  /** The folder above the first part that is not literal. */
  base: string;
  /** How many folders below `base` a match can lie. */
  depth: number;
  /** True where it can only match folders. */
  folders: boolean;
}

export interface PatternMatch {
  path: string;
  /** What each placeholder stood for. */
  values: Record<string, string>;
}

/** Folders below `**` or a `/` in a regular expression are searched to this depth. */
const deepest = 16;

/** Parses an absolute pattern. @throws ConfigError if its braces or its regular expressions are not well formed. */
export function parsePattern(pattern: string): Pattern {
  const folders = /[^/]\/$/.test(pattern);
  const text = (folders ? pattern.slice(0, -1) : pattern).normalize();
  const names: string[] = [];
  const fail = (what: string) => new ConfigError(`The file pattern ${text} ${what}.`);

  const placeholder = (inside: string): string => {
    const [, name, regex] = /^([A-Za-z_]\w*)(?::(.*))?$/s.exec(inside) ?? [];
    if (name === undefined)
      throw fail(`has {${inside}}; a placeholder is {name} or {name:regular expression}`);
    if (names.includes(name)) {
      if (regex !== undefined) throw fail(`defines {${name}} twice`);
      return `\\k<${name}>`;
    }
    names.push(name);
    return `(?<${name}>${regex === undefined ? '[^/]+?' : expand(regex, (literal) => literal)})`;
  };

  /** Replaces the placeholders of a text; in a regular expression `{2,3}` and escapes are left alone. */
  const expand = (source: string, literal: (piece: string) => string): string => {
    const inRegex = literal !== globToRegex;
    let result = '';
    let piece = '';
    for (let at = 0; at < source.length; at++) {
      if (inRegex && source[at] === '\\') {
        piece += source.slice(at, at + 2);
        at++;
      } else if (source[at] === '{' && !(inRegex && /^\{\d*,?\d*\}/.test(source.slice(at)))) {
        const end = closing(source, at);
        if (end < 0) throw fail(`has a { without its }`);
        result += literal(piece) + placeholder(source.slice(at + 1, end));
        piece = '';
        at = end;
      } else piece += source[at];
    }
    return result + literal(piece);
  };

  const source = expand(text, globToRegex);
  let expression: RegExp;
  try {
    expression = new RegExp(`^${source}$`, 's');
  } catch (error) {
    throw fail(`is not valid (${(error as Error).message})`);
  }
  // Where the pattern stops being literal.
  const wild = text.search(/[*?{]/);
  const literalPart = wild < 0 ? text : text.slice(0, wild);
  const base = literalPart.slice(0, literalPart.lastIndexOf('/')) || '/';
  const rest = text.slice(base === '/' ? 0 : base.length);
  const crosses = rest.includes('**') || /\{[^}]*:[^}]*(\/|\.[*+]|\[\^)/.test(rest);
  const depth = crosses ? deepest : outsideBraces(rest).split('/').length - 1;
  return { text: pattern, names, expression, base, depth, folders };
}

/** Index of the brace that closes the one at `open`, or -1. */
function closing(source: string, open: number): number {
  let level = 0;
  for (let at = open; at < source.length; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === '{') level++;
    else if (source[at] === '}' && --level === 0) return at;
  }
  return -1;
}

function outsideBraces(source: string): string {
  let result = '';
  for (let at = 0; at < source.length; at++) {
    const end = source[at] === '{' ? closing(source, at) : -1;
    if (end >= 0) at = end;
    else result += source[at];
  }
  return result;
}

function globToRegex(glob: string): string {
  return glob.replace(/\*\*\/|\*\*|\*|\?|[\\^$.|+()[\]{}]/g, (token) => {
    if (token === '**/') return '(?:.*/)?';
    if (token === '**') return '.*';
    if (token === '*') return '[^/]*';
    if (token === '?') return '[^/]';
    return `\\${token}`;
  });
}

const isAbove = (folder: string, other: string): boolean =>
  other.startsWith(folder.endsWith(sep) ? folder : folder + sep);

/**
 * The files that match an absolute pattern, or else the folders, in natural order of their paths. Hidden ones are passed
 * over.
 * @throws UserError if there is none, naming the nearest folder that exists.
 */
export async function matchPattern(text: string): Promise<PatternMatch[]> {
  const pattern = parsePattern(text);
  const files: PatternMatch[] = [];
  const folders: PatternMatch[] = [];
  /** `real`: where the folders of the walk lie really, this one last. A link back to one of them, or above, would have no end. */
  const walk = async (folder: string, depth: number, real: readonly string[]): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      const path = join(folder, entry.name);
      let { isFile, isFolder } = { isFile: entry.isFile(), isFolder: entry.isDirectory() };
      if (entry.isSymbolicLink()) {
        const target = await stat(path).catch(() => null);
        isFile = target?.isFile() ?? false;
        isFolder = target?.isDirectory() ?? false;
      }
      if (isFolder && depth > 1) {
        const here = real.at(-1)!;
        const below = entry.isSymbolicLink()
          ? await realpath(path).catch(() => null)
          : join(here, entry.name);
        const endless = below === null || real.includes(below) || isAbove(below, here);
        if (!endless) await walk(path, depth - 1, [...real, below]);
      }
      if (!isFile && !isFolder) continue;
      const match = pattern.expression.exec(path.replaceAll(sep, '/').normalize());
      if (match) (isFile ? files : folders).push({ path, values: { ...match.groups } });
    }
  };
  const stored = await asStored(pattern.base);
  const base = await realpath(stored).catch(() => stored);
  await walk(stored, pattern.depth, [base]);
  const matches = pattern.folders || files.length === 0 ? folders : files;
  if (matches.length === 0) {
    let nearest = pattern.base;
    while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
    const missing =
      nearest === pattern.base ? '' : `, which exists, while ${pattern.base} does not`;
    throw new UserError(
      `No ${pattern.folders ? 'folder' : 'file'} matches ${text}; the nearest folder is ${nearest}${missing}.`,
    );
  }
  return matches.sort((a, b) => naturalOrder(a.path, b.path));
}
