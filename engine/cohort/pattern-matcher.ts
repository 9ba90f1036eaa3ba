import { ConfigError } from '../errors';
import { LinearRegExp, quoted } from '../linear-regexp';

/** A part of a pattern. */
export type Part =
  /** Of a glob, or of the regular expression of the placeholder that it stands in. */
  | { kind: 'text'; text: string }
  /** The first of a name; `inside` is its regular expression, null where it has none. */
  | { kind: 'placeholder'; name: string; inside: Part[] | null }
  /** The name again. */
  | { kind: 'again'; name: string };

/** What the placeholders stand for. */
export type Values = Record<string, string>;

/** Tells whether a path matches the parts of a pattern, and with which values; null where it does not. */
export type PathMatcher = (path: string) => Values | null;

/**
 * A matcher that takes as many and as few characters as JavaScript's regular expressions do with named groups and `\k<name>`, in time
 * that is polynomial in the path's length. `text` is the pattern, for messages.
 * @throws ConfigError for a regular expression that is not well formed or not allowed
 */
export function pathMatcher(text: string, parts: readonly Part[]): PathMatcher {
  const refuse = (reason: string) =>
    new ConfigError(
      `The file pattern ${text} has a regular expression that is not allowed (${reason}); it may have no lookahead, lookbehind or backreference such as \\1, and no count above 1000.`,
    );
  const compiled = (source: string) => {
    try {
      return new LinearRegExp(source);
    } catch (error) {
      throw refuse((error as Error).message);
    }
  };
  const repeated = new Set(namesAgain(parts));
  // Where a name stands again anything may stand. Most often what then matches first has the same text there.
  const loose = compiled(`^${sourceOf(parts, true)}$`);
  const loosely = (path: string) => (loose.test(path) ? (loose.exec(path) as Values) : null);
  if (repeated.size === 0) return loosely;
  const units = unitsOf(parts, true, repeated, () =>
    refuse('a name that stands twice is in a group, an alternative or a repetition of it'),
  );
  const search = searcher(units, [...repeated], compiled);
  return (path) => {
    const groups = loosely(path);
    if (groups === null) return null;
    const isSame = (group: string) => groups[group] === groups[group.replace(againGroup, '')];
    if (!Object.keys(groups).every(isSame)) return search(path);
    return Object.fromEntries(Object.entries(groups).filter(([name]) => !againGroup.test(name)));
  };
}

/** A group of what stands where `name` stands again: `name__again2`. */
const againGroup = /__again\d+$/;

const bare = '[^/]+?';

function namesAgain(parts: readonly Part[]): string[] {
  return parts.flatMap((part) =>
    part.kind === 'again'
      ? [part.name]
      : part.kind === 'placeholder' && part.inside
        ? namesAgain(part.inside)
        : [],
  );
}

/** The regular expression of parts, in which a name that stands again may be anything. */
function sourceOf(parts: readonly Part[], isGlob: boolean): string {
  let again = 0;
  const source = (some: readonly Part[], glob: boolean): string =>
    some
      .map((part) => {
        if (part.kind === 'text') return glob ? globSource(part.text) : part.text;
        if (part.kind === 'again') return `(?<${part.name}__again${again++}>.*?)`;
        return `(?<${part.name}>${part.inside ? source(part.inside, false) : bare})`;
      })
      .join('');
  return source(parts, isGlob);
}

const globTokens = /\*\*\/|\*\*|\*|\?|[^*?]+/g;

const globSource = (glob: string): string =>
  (glob.match(globTokens) ?? [])
    .map((token) => {
      if (token === '**/') return '(?:.*/)?';
      if (token === '**') return '.*';
      if (token === '*') return '[^/]*';
      if (token === '?') return '[^/]';
      return quoted(token);
    })
    .join('');

// --- names that stand again -----------------------------------------------------------------------------------------

/** What matches a stretch of a path, one after the other. Names begin before units and end behind them. */
interface Unit {
  kind: 'literal' | 'glob' | 'bare' | 'regex' | 'again';
  /** The text, the token of the glob, the regular expression, or the name. */
  source: string;
  begins: string[];
  ends: string[];
}

/** @throws what `refuse` makes where a name of `split` is no plain part of a sequence */
function unitsOf(
  parts: readonly Part[],
  isGlob: boolean,
  split: ReadonlySet<string>,
  refuse: () => Error,
): Unit[] {
  const unit = (kind: Unit['kind'], source: string): Unit => ({
    kind,
    source,
    begins: [],
    ends: [],
  });
  const isSplit = (part: Part): boolean =>
    part.kind === 'again' ||
    (part.kind === 'placeholder' && (split.has(part.name) || (part.inside ?? []).some(isSplit)));
  const ofPlaceholder = (part: Extract<Part, { kind: 'placeholder' }>): Unit[] => {
    const { name, inside } = part;
    const within =
      inside === null
        ? [unit('bare', bare)]
        : inside.some(isSplit)
          ? unitsOf(inside, false, split, refuse)
          : [unit('regex', sourceOf(inside, false))];
    within[0].begins.unshift(name);
    within.at(-1)!.ends.push(name);
    return within;
  };
  if (isGlob)
    return parts.flatMap((part) => {
      if (part.kind === 'again') return [unit('again', part.name)];
      if (part.kind === 'placeholder') return ofPlaceholder(part);
      const tokens = part.text.match(globTokens) ?? [];
      return tokens.map((token) => unit(/[*?]/.test(token) ? 'glob' : 'literal', token));
    });
  // A regular expression is cut around the names; what is between must be whole, and nothing may belong to a name but itself.
  const units: Unit[] = [];
  let between: Part[] = [];
  const cut = () => {
    const source = sourceOf(between, false);
    if (!isWhole(source)) throw refuse();
    if (source !== '') units.push(unit('regex', source));
    between = [];
  };
  for (const part of parts)
    if (!isSplit(part)) between.push(part);
    else {
      cut();
      units.push(
        ...(part.kind === 'again' ? [unit('again', part.name)] : ofPlaceholder(part as never)),
      );
    }
  cut();
  return units;
}

/** True for a sequence of whole items of a regular expression: no alternative, no group that is open, no count of what is before it. */
function isWhole(source: string): boolean {
  const bones = source.replace(/\\./gs, 'x').replace(/\[[^\]]*\]/g, 'x');
  let level = 0;
  for (const sign of bones) {
    if (sign === '(') level++;
    else if (sign === ')' && --level < 0) return false;
    else if (sign === '|' && level === 0) return false;
  }
  return level === 0 && !/^[*+?{]/.test(bones);
}

/** What is known of the repeated names on a way through the units: where a name began, its value, or nothing. */
type Held = readonly (number | string | null)[];

/**
 * Finds the match that backtracking would find first, going through the units and remembering what led from a place in the path to
 * the end, and what did not.
 */
function searcher(
  units: readonly Unit[],
  repeated: readonly string[],
  compiled: (source: string) => LinearRegExp,
): PathMatcher {
  const stretches = units.map((unit) => stretchOf(unit, compiled));
  const lastAgain = repeated.map((name) =>
    units.findLastIndex((unit) => unit.kind === 'again' && unit.source === name),
  );
  const start: Held = repeated.map(() => null);

  /** What is held behind a unit; null where a name's value is nowhere in the rest. */
  const behind = (i: number, path: string, from: number, to: number, held: Held): Held | null => {
    const { begins, ends } = units[i];
    const next = held.map((value, n) => {
      if (begins.includes(repeated[n])) value = from;
      if (ends.includes(repeated[n])) value = path.slice(value as number, to);
      return i < lastAgain[n] ? value : null;
    });
    return next.every((value) => typeof value !== 'string' || path.includes(value, to))
      ? next
      : null;
  };

  return (path) => {
    /** By unit, place and what is held: where the unit ends; -1 where nothing leads to the end. */
    const known = new Map<string, number>();
    const key = (i: number, from: number, held: Held) => `${i} ${from} ${held.join('\0')}`;
    const endOf = (i: number, from: number, held: Held): number => {
      if (i === units.length) return from === path.length ? from : -1;
      const place = key(i, from, held);
      const found = known.get(place);
      if (found !== undefined) return found;
      const leads = (to: number): boolean => {
        const next = behind(i, path, from, to, held);
        return next !== null && endOf(i + 1, to, next) >= 0;
      };
      let end: number;
      if (units[i].kind === 'again') {
        const value = held[repeated.indexOf(units[i].source)] as string;
        end = path.startsWith(value, from) && leads(from + value.length) ? from + value.length : -1;
      } else end = stretches[i]!.choose(path, from, leads);
      known.set(place, end);
      return end;
    };
    if (endOf(0, 0, start) < 0) return null;
    const begun: Values = {};
    const values: Values = {};
    let held: Held = start;
    for (let i = 0, from = 0; i < units.length; i++) {
      const to = endOf(i, from, held);
      for (const name of units[i].begins) begun[name] = String(from);
      Object.assign(values, stretches[i]?.groups(path, from, to));
      for (const name of units[i].ends) values[name] = path.slice(Number(begun[name]), to);
      held = behind(i, path, from, to, held)!;
      from = to;
    }
    return values;
  };
}

/** How a unit takes a stretch of a path. */
interface Stretch {
  /** The first end, in the order in which backtracking tries them, that leads on; -1 where there is none. */
  choose(path: string, from: number, leads: (to: number) => boolean): number;
  /** What the named groups in it stand for. */
  groups(path: string, from: number, to: number): Values | null;
}

/** Null for a name that stands again. */
function stretchOf(
  { kind, source }: Unit,
  compiled: (source: string) => LinearRegExp,
): Stretch | null {
  if (kind === 'again') return null;
  if (kind === 'regex') return regexStretch(source, compiled);
  const choose: Stretch['choose'] = (path, from, leads) => {
    if (kind === 'literal') {
      const to = from + source.length;
      return path.startsWith(source, from) && leads(to) ? to : -1;
    }
    if (source === '**/') {
      for (let to = path.length; to > from; to--) if (path[to - 1] === '/' && leads(to)) return to;
      return leads(from) ? from : -1;
    }
    const slash = path.indexOf('/', from);
    const limit = source === '**' || slash < 0 ? path.length : slash;
    if (kind === 'bare') {
      for (let to = from + 1; to <= limit; to++) if (leads(to)) return to;
      return -1;
    }
    if (source === '?') return from < limit && leads(from + 1) ? from + 1 : -1;
    for (let to = limit; to >= from; to--) if (leads(to)) return to;
    return -1;
  };
  return { choose, groups: () => null };
}

function regexStretch(source: string, compiled: (source: string) => LinearRegExp): Stretch {
  // One character on either side stays, for what looks at it.
  const expressions = ['', '.'].map((left) =>
    ['', '.'].map((right) => compiled(`^${left}(?:${source})${right}$`)),
  );
  const around = (path: string, from: number, to: number) => ({
    expression: expressions[from > 0 ? 1 : 0][to < path.length ? 1 : 0],
    text: path.slice(Math.max(0, from - 1), to + 1),
  });
  return {
    choose(path, from, leads) {
      const ends: number[] = [];
      for (let to = from; to <= path.length; to++) {
        const { expression, text } = around(path, from, to);
        if (expression.test(text) && leads(to)) ends.push(to);
      }
      // Which of two comes first is for the expression to say: what follows is no choice but the rest of the path.
      const left = from > 0 ? '.' : '';
      const first = (one: number, other: number): number => {
        const [rest, otherRest] = [one, other].map((to) => quoted(path.slice(to)));
        const both = `^${left}(?:${withoutNames(source)})(?:(?<one>${rest})|${otherRest})$`;
        const groups = compiled(both).exec(path.slice(Math.max(0, from - 1)));
        return groups?.one === undefined ? other : one;
      };
      return ends.length > 0 ? ends.reduce(first) : -1;
    },
    groups(path, from, to) {
      const { expression, text } = around(path, from, to);
      return expression.exec(text) as Values | null;
    },
  };
}

const withoutNames = (source: string): string =>
  source.replace(/\\.|\(\?<\w+>/gs, (token) => (token[0] === '\\' ? token : '(?:'));
