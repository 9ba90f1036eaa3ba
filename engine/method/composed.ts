import { settings } from '../options';
import type { Term } from '../training/stage';
import type { Method, Seen } from './method';
import { firstEncodings, firstRows } from './rows';
import type { StudentConfig } from './setup';

/** What stands between the names of methods that a student learns by at once. */
export const joint = '+';

/** Of a composed method: the options of each of its parts, in their order. */
export interface ComposedOptions {
  parts: readonly unknown[];
}

/** The methods that a student learns by, each with its options. */
export function partsOf({ method, options }: StudentConfig): { name: string; options: unknown }[] {
  const names = method.split(joint);
  const all = names.length > 1 ? (options as unknown as ComposedOptions).parts : [options];
  return names.map((name, i) => ({ name, options: all[i] }));
}

/** Several methods as one: their terms are added up, each part seeing what it sees alone. */
export function composed(methods: readonly Method[]): Method {
  const each = <T>(options: unknown, of: (method: Method, options: never) => T): T[] =>
    methods.map((method, i) => of(method, (options as ComposedOptions).parts[i] as never));
  return {
    name: methods.map(({ name }) => name).join(joint),
    title: methods.map(({ title }) => title).join(` ${joint} `),
    source: methods.map(({ source }) => source).join('; '),
    summary: methods.map(({ summary }) => summary).join(' '),
    formula: methods.map(({ formula }) => formula).join(' + '),
    options: settings({}),
    before: methods.flatMap(({ before }) => before),
    views: (options, allowed) => Math.max(...each(options, (m, o) => m.views(o, allowed))),
    predicts: (options) =>
      each(options, (m, o) => m.predicts(o)).includes('views') ? 'views' : 'images',
    byImage: (options) => each(options, (m, o) => m.byImage?.(o) ?? false).every((it) => it),
    softLabels: (options) => each(options, (m, o) => m.softLabels?.(o) ?? false).includes(true),
    trains: methods.flatMap(({ trains = [] }) => trains),
    contrastiveGraphs: methods.some((m) => 'contrastiveGraphs' in m)
      ? (options) => each(options, (m, o) => m.contrastiveGraphs?.(o)).find((it) => it)!
      : undefined,
    terms: (seen, options) =>
      recoloured(each(options, (m, o) => named(m.name, m.terms(asAlone(seen, m, o), o)))),
  };
}

/** What a part would see alone: the rows of its own views, and predictions on those that it asks for. */
function asAlone(seen: Seen, method: Method, options: never): Seen {
  const views = method.views(options, seen.setup.method.augmentations);
  const rows = seen.images * (1 + views);
  const { graph, setup, images, keep, scaling } = seen;
  return {
    ...{ graph, setup, images, keep, scaling },
    views,
    get teacher() {
      const { network, encoding } = seen.teacher;
      return { network, encoding: firstEncodings(encoding, rows) };
    },
    get softLabels() {
      return firstRows(seen.softLabels, rows);
    },
    student: {
      network: seen.student.network,
      encoding: firstEncodings(seen.student.encoding, rows),
    },
    logits: firstRows(seen.logits, method.predicts(options) === 'views' ? rows : seen.images),
    labels: firstRows(seen.labels, rows),
  };
}

/** Terms of a part under names that no other part has. */
const named = (method: string, terms: Record<string, Term>): [string, Term][] =>
  Object.entries(terms).map(([name, term]) => [`${method}.${name}`, term]);

/** Colours in turn, after those of the supervised terms. */
const recoloured = (parts: [string, Term][][]): Record<string, Term> =>
  Object.fromEntries(parts.flat().map(([name, term], i) => [name, { ...term, color: 2 + i }]));
