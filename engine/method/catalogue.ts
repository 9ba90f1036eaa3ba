import Type from 'typebox';
import { anyOf, choice, forms } from '../options';
import { cwd } from './cwd';
import { gkd } from './gkd/gkd';
import { kd } from './kd';
import type { Method } from './method';

/** The methods of distillation that a config can choose. */
export const methods: readonly Method[] = [gkd, kd, cwd];

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

/** A student in a config: its method by name, or with options. */
export type StudentEntry = string | ({ method: string; name?: string } & Record<string, unknown>);

/** The forms of an entry with options. */
export const methodForms = forms('method', methods, shared);

/** The distilled students of a config. */
export const methodsChoice = Type.Unsafe<StudentEntry[]>(
  Type.Array(
    anyOf([
      choice(Object.fromEntries(methods.map(({ name, summary }) => [name, summary])), {
        markdownDescription: 'A method with its default options.',
      }),
      ...methodForms,
    ]),
    {
      minItems: 1,
      default: ['gkd'],
      markdownDescription:
        'Methods of distillation. Each gives one student, from the same warm-up weights, data and random numbers, so that they can be compared.',
      examples: [['gkd'], ['gkd', 'kd', { method: 'cwd', name: 'cwd-t2', temperature: 2 }]],
    },
  ),
);

export const methodNamed = (name: string): Method =>
  methods.find((method) => method.name === name)!;
