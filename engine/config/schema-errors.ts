import type { ErrorObject } from 'ajv';
import type { TSchema } from 'typebox';
import type { ConfigPath, Fix } from '../contract/config';
import { fault, setting, type Fault } from './fault';
import { byDistance, nearest } from './nearest';
import { validatorOf, type Schema } from './validate';

/** Where a value does not fit a schema, a sentence for each place. */
export function schemaFaults(value: unknown, schema: TSchema | Schema): Fault[] {
  const validate = validatorOf(schema);
  if (validate(value)) return [];
  const all = validate.errors ?? [];
  // Of alternatives, the errors of every one are listed; one sentence about them all replaces these.
  const alternatives = new Map<string, number>();
  for (const { keyword, instancePath } of all)
    if (keyword === 'anyOf')
      alternatives.set(instancePath, (alternatives.get(instancePath) ?? 0) + 1);
  const within = ({ keyword, instancePath }: ErrorObject) => {
    const others = (alternatives.get(instancePath) ?? 0) - (keyword === 'anyOf' ? 1 : 0);
    if (others > 0) return true;
    for (
      let end = instancePath.lastIndexOf('/');
      end >= 0;
      end = instancePath.lastIndexOf('/', end - 1)
    ) {
      if (alternatives.has(instancePath.slice(0, end))) return true;
      if (end === 0) break;
    }
    return false;
  };
  return withoutDoubles(all.filter((e) => !within(e))).flatMap((e) => describeError(e, value));
}

/** Where a list of allowed values says what is wrong, the type need not be spoken of. */
function withoutDoubles(errors: readonly ErrorObject[]): ErrorObject[] {
  const listed = new Set(
    errors.filter(({ keyword }) => keyword === 'enum').map(({ instancePath }) => instancePath),
  );
  return errors.filter((e) => e.keyword !== 'type' || !listed.has(e.instancePath));
}

/** A path in a value from a JSON pointer, in which a number may be an index or a name. */
function pathOf(pointer: string, value: unknown): ConfigPath {
  const path: ConfigPath = [];
  let at = value;
  for (const escaped of pointer.split('/').slice(1)) {
    const part = escaped.replace(/~1/g, '/').replace(/~0/g, '~');
    path.push(Array.isArray(at) ? Number(part) : part);
    at = (at as Record<string, unknown>)[part];
  }
  return path;
}

/** `value` is what was validated. */
function describeError(error: ErrorObject, value: unknown): Fault[] {
  const path = pathOf(error.instancePath, value);
  const parameters = error.params as Record<string, unknown>;
  // Of what has many faults it would be written out for each.
  const found = () => shown(error.data);
  const one = (message: string) => [fault(path, message)];
  switch (error.keyword) {
    case 'anyOf':
      return describeAlternatives(error.data, error.schema as Schema[], path);
    case 'additionalProperties':
      return [unknownSetting(error, path, parameters['additionalProperty'] as string)];
    case 'required':
      return one(`"${String(parameters['missingProperty'])}" is missing`);
    case 'enum':
      return [unknownWord(error.data, error.schema as string[], path)];
    case 'type':
      return one(`${found()} is not ${kinds[String(parameters['type'])] ?? error.message}`);
    case 'minimum':
    case 'exclusiveMinimum':
    case 'maximum':
    case 'exclusiveMaximum':
      return one(
        `${found()} is not allowed; it must be ${bounds[error.keyword]} ${String(parameters['limit'])}`,
      );
    case 'minLength':
    case 'minProperties':
      return one('is empty');
    case 'minItems':
      return one(`${found()} is too short; it must have ${entries(parameters)} or more`);
    case 'maxItems':
      return one(`${found()} is too long; it must have ${entries(parameters)} or fewer`);
    case 'uniqueItems': {
      const second = Math.max(parameters['i'] as number, parameters['j'] as number);
      const twice = (error.data as unknown[])[second];
      return [fault([...path, second], `${shown(twice)} is there twice`)];
    }
    case 'pattern': {
      const { patternErrorMessage } = error.parentSchema as Schema;
      return one(`${found()} is not ${patternErrorMessage ?? String(error.schema)}`);
    }
    default:
      return one(`${found()} ${error.message}`);
  }
}

/** A setting that is not there, and the one that may be meant. */
function unknownSetting(error: ErrorObject, path: ConfigPath, name: string): Fault {
  const known = Object.keys((error.parentSchema as Schema).properties ?? {});
  const near = nearest(name, known);
  const own = [...path, name];
  if (near === null)
    return fault(own, `there is no such setting here; there are ${known.join(', ')}`);
  const rename: Fix = { title: `Rename it to "${near}"`, edits: [{ path: own, name: near }] };
  return fault(
    own,
    `there is no such setting here; did you mean "${near}"?`,
    Object.hasOwn(error.data as object, near) ? [] : [rename],
  );
}

/** A word that is not among the allowed ones, and these, the most similar first. */
const unknownWord = (found: unknown, allowed: readonly string[], path: ConfigPath): Fault =>
  fault(
    path,
    `${shown(found)} is unknown; allowed are ${quoted(allowed)}`,
    byDistance(String(found), allowed).map((word) => setting(`Use "${word}"`, path, word)),
  );

const quoted = (words: readonly string[]) => words.map((word) => `"${word}"`).join(', ');

const bounds: Record<string, string> = {
  minimum: 'at least',
  exclusiveMinimum: 'above',
  maximum: 'at most',
  exclusiveMaximum: 'below',
};

const entries = ({ limit }: Record<string, unknown>) =>
  limit === 1 ? '1 entry' : `${String(limit)} entries`;

const kinds: Record<string, string> = {
  integer: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object { ... }',
};

/** One sentence for a value that fits none of several forms. */
function describeAlternatives(value: unknown, forms: Schema[], path: ConfigPath): Fault[] {
  const describe = (form: Schema) => schemaFaults(value, form).map((inner) => moved(inner, path));
  const kind = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  const alike = forms.filter((f) => (f.type === 'integer' ? 'number' : f.type) === kind);
  // The only form of the value's own kind is the one that was meant.
  if (alike.length === 1) return describe(alike[0]);
  const keyword = keywordOf(forms);
  if (kind === 'object') {
    const given = value as Record<string, unknown>;
    if (keyword !== undefined) {
      const known = alike.map((f) => f.properties![keyword].const as string);
      if (!Object.hasOwn(given, keyword))
        return [fault(path, `"${keyword}" is missing; allowed are ${quoted(known)}`)];
      const meant = alike.find((f) => f.properties![keyword].const === given[keyword]);
      return meant ? describe(meant) : [unknownWord(given[keyword], known, [...path, keyword])];
    }
    const similar = (f: Schema) =>
      Object.keys(given).filter((k) => nearest(k, Object.keys(f.properties ?? {})) !== null).length;
    const closest = [...alike].sort((a, b) => similar(b) - similar(a)).at(0);
    if (closest !== undefined && similar(closest) > 0) return describe(closest);
  }
  const options = forms.map((f) =>
    f.enum
      ? quoted(f.enum.map(String))
      : f.properties
        ? keyword !== undefined
          ? `{ "${keyword}": "${String(f.properties[keyword].const)}" }`
          : `an object with ${Object.keys(f.properties).join(', ')}`
        : (kinds[f.type ?? ''] ?? 'another value'),
  );
  return [
    fault(
      path,
      `${shown(value)} is not allowed here; allowed are ${[...new Set(options)].join(', or ')}`,
    ),
  ];
}

/** A fault of a part as one of the whole that has the part at `path`. */
const moved = ({ path, message, fixes }: Fault, to: ConfigPath): Fault => ({
  path: [...to, ...path],
  message,
  fixes: fixes.map(({ title, edits }) => ({
    title,
    edits: edits.map((edit) => ({ ...edit, path: [...to, ...edit.path] })),
  })),
});

/** The setting whose fixed value tells objects of several forms apart, if there is one. */
function keywordOf(forms: readonly Schema[]): string | undefined {
  const objects = forms.flatMap(({ properties }) => (properties ? [properties] : []));
  return Object.keys(objects[0] ?? {}).find((name) =>
    objects.every((properties) => properties[name]?.const !== undefined),
  );
}

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};
