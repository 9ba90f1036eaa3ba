import Type from 'typebox';
import { anyOf, choice, forms } from '../options';
import { at } from './at';
import { cirkd } from './cirkd';
import { coco } from './coco';
import { composed, joint } from './composed';
import { cwd } from './cwd';
import { dist } from './dist';
import { dkd } from './dkd';
import { emkd } from './emkd';
import { fsp } from './fsp';
import { gkd } from './gkd/gkd';
import { graphFlow } from './graph-flow';
import { ifvd } from './ifvd';
import { kd } from './kd';
import type { Method } from './method';
import { mgd } from './mgd';
import { skd } from './skd';

/** The methods of distillation that a config can choose. */
export const methods: readonly Method[] = [
  gkd,
  kd,
  cwd,
  at,
  dkd,
  dist,
  skd,
  ifvd,
  fsp,
  mgd,
  cirkd,
  emkd,
  coco,
  graphFlow,
];

/** What the entry of a student has beside its method's own options. */
const shared = {
  name: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
      patternErrorMessage: 'a name of letters, digits, dots, dashes and underscores',
      markdownDescription:
        "What the student is called in tables, charts and folders; default: the method's name.",
    }),
  ),
};

/** A method in a config: by name, or with options. */
export type MethodEntry = string | ({ method: string; name?: string } & Record<string, unknown>);

/** A student in a config: its method, or several that it learns by at once. */
export type StudentEntry = MethodEntry | readonly MethodEntry[];

/** Whether an entry is a list of methods. */
export const isSeveral = (entry: StudentEntry): entry is readonly MethodEntry[] =>
  Array.isArray(entry);

/** The forms of an entry with options. */
export const methodForms = forms(
  'method',
  methods.map(({ options, formula, source, ...method }) => ({
    ...method,
    options: {
      ...options,
      markdownDescription: [
        (options as Described).markdownDescription ?? method.summary,
        `Adds ${formula}.`,
        `_${source}._`,
      ].join('\n\n'),
    },
  })),
  shared,
);

interface Described {
  markdownDescription?: string;
}

/** The forms of an entry for one method. */
const oneMethod = [
  choice(
    Object.fromEntries(
      methods.map(({ name, summary, formula }) => [name, `${summary} Adds ${formula}.`]),
    ),
    {
      markdownDescription: 'A method with its default options.',
    },
  ),
  ...methodForms,
];

/** The distilled students of a config. */
export const methodsChoice = Type.Unsafe<StudentEntry[]>(
  Type.Array(
    anyOf([
      ...oneMethod,
      Type.Array(anyOf(oneMethod), {
        minItems: 2,
        uniqueItems: true,
        markdownDescription:
          'One student that learns by several methods at once: their terms are added up. Its name is theirs, joined by `+`.',
      }),
    ]),
    {
      minItems: 1,
      default: ['gkd'],
      markdownDescription:
        'Methods of distillation. Each entry gives one student, from the same warm-up weights, data and random numbers, so that they can be compared; a list of methods as an entry gives one that learns by all of them.',
      examples: [
        ['gkd'],
        ['gkd', 'kd', { method: 'cwd', name: 'cwd-t2', temperature: 2 }],
        ['gkd', 'kd', ['gkd', 'kd']],
        [{ method: 'gkd', name: 'gkd-graphs', cross: { weight: 0 } }],
      ],
    },
  ),
);

/** A method by its name, or several by theirs, joined by `+`. */
export function methodNamed(name: string): Method {
  const named = name.split(joint).map((part) => methods.find((method) => method.name === part)!);
  return named.length > 1 ? composed(named) : named[0];
}
