/**
 * Reads a value that came from a file as what it should be. Gives a copy with nothing in it but what was asked for, so that all else in
 * the file stays there. @throws ShapeError
 */
export type Shape<T> = (value: unknown) => T;

/** Says what is wrong with a value and where it stands: `stages.teacher.step` "is a text, where a number is needed". */
export class ShapeError extends Error {
  override name = 'ShapeError';
  private readonly place: string[] = [];

  constructor(fault: string, o?: ErrorOptions) {
    super(fault, o);
  }

  /** What the fault is of: the place in the value, or all of it. */
  get subject(): string {
    return this.place.length > 0 ? this.place.join('.') : 'it';
  }

  /** The same fault, seen from what the value is in. */
  within(key: string | number): this {
    // What is nested deep needs no place of a page's length, and a key is as untrusted as the rest.
    if (this.place.length < deepest) this.place.unshift(plain(String(key).slice(0, longestKey)));
    return this;
  }
}

const longestKey = 60;

/** A text without what would break a line. */
const plain = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ');

/** Nothing that a run writes is nested deeper; what is can end the program where it is walked through. */
const deepest = 64;

/** A JSON text's value. @throws ShapeError where it is none, or nested too deep */
export function parseJson(text: string): unknown {
  let depth = 0;
  let isInText = false;
  for (let i = 0; i < text.length; i++) {
    const sign = text.charCodeAt(i);
    if (isInText) {
      if (sign === backslash) i++;
      else if (sign === quote) isInText = false;
    } else if (sign === quote) isInText = true;
    else if (sign === openBracket || sign === openBrace) {
      if (++depth > deepest) throw new ShapeError(`is nested more than ${deepest} deep`);
    } else if (sign === closeBracket || sign === closeBrace) depth--;
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const { message } = error as Error;
    // V8 quotes the text, whatever is in it.
    throw new ShapeError(`is no JSON (${plain(message.slice(0, 200))})`, { cause: error });
  }
}

const [quote, backslash] = [0x22, 0x5c];
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d];

const wrong = (value: unknown, wanted: string): ShapeError => {
  const kind =
    value === undefined
      ? 'is missing'
      : value === null
        ? 'is null'
        : Array.isArray(value)
          ? 'is a list'
          : {
              string: 'is a text',
              number: 'is a number',
              boolean: 'is true or false',
              object: 'is an object',
            }[typeof value as 'string'];
  return new ShapeError(`${kind}, where ${wanted} is needed`);
};

const longestText = 1e5;

export const text: Shape<string> = (value) => {
  if (typeof value !== 'string') throw wrong(value, 'a text');
  if (value.length > longestText)
    throw new ShapeError(
      `is a text of ${value.length} characters, where ${longestText} are allowed`,
    );
  return value;
};

export const number: Shape<number> = (value) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw wrong(value, 'a finite number');
  return value;
};

/** A whole number from 0 on. */
export const count: Shape<number> = (value) => {
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw wrong(value, 'a whole number from 0 on');
  return value as number;
};

export const flag: Shape<boolean> = (value) => {
  if (typeof value !== 'boolean') throw wrong(value, 'true or false');
  return value;
};

/** A point in time, in ISO form. */
export const date: Shape<string> = (value) => {
  if (typeof value !== 'string' || value.length > 40 || Number.isNaN(Date.parse(value)))
    throw wrong(value, 'a date');
  return value;
};

export const oneOf =
  <const T extends string>(...allowed: readonly T[]): Shape<T> =>
  (value) => {
    if (!allowed.includes(value as T)) throw wrong(value, `one of ${allowed.join(', ')}`);
    return value as T;
  };

export const nullable =
  <T>(shape: Shape<T>): Shape<T | null> =>
  (value) =>
    value === null ? null : shape(value);

/** What is missing is `fallback`. */
export const optional =
  <T, F>(shape: Shape<T>, fallback: F): Shape<T | F> =>
  (value) =>
    value === undefined ? fallback : shape(value);

/** Either of two, told by whether the first fits. */
export const either =
  <A, B>(first: Shape<A>, second: Shape<B>): Shape<A | B> =>
  (value) => {
    try {
      return first(value);
    } catch {
      return second(value);
    }
  };

export const list =
  <T>(shape: Shape<T>, o: { longest?: number; length?: number } = {}): Shape<T[]> =>
  (value) => {
    if (!Array.isArray(value)) throw wrong(value, 'a list');
    if (value.length > (o.longest ?? Infinity) || value.length !== (o.length ?? value.length))
      throw new ShapeError(
        `is a list of ${value.length}, where ${o.length ?? o.longest} is needed`,
      );
    return value.map((item, i) => inPlace(i, () => shape(item)));
  };

const entriesOf = (value: unknown): [string, unknown][] => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(value, 'an object');
  return Object.entries(value);
};

/** Has no property but these, not even those that every object has. */
const named = <T>(entries: readonly (readonly [string, T])[]): Record<string, T> => {
  const result = Object.create(null) as Record<string, T>;
  for (const [name, item] of entries) result[name] = item;
  return result;
};

/** An object whose keys are names of something. */
export const byName =
  <T>(shape: Shape<T>): Shape<Record<string, T>> =>
  (value) =>
    named(entriesOf(value).map(([name, item]) => [name, inPlace(name, () => shape(item))]));

/** Of an object whose keys are names, those that have a number. */
export const numbersByName: Shape<Record<string, number>> = (value) =>
  named(
    entriesOf(value).flatMap(([name, item]) =>
      typeof item === 'number' && Number.isFinite(item) ? [[name, item] as const] : [],
    ),
  );

/** An object with these fields; one whose value is undefined is left out. */
export const object =
  <T extends object>(fields: { [K in keyof T]-?: Shape<T[K]> }): Shape<T> =>
  (value) => {
    entriesOf(value);
    const result: Partial<T> = {};
    for (const key in fields) {
      const found: unknown = Object.hasOwn(value as T, key) ? (value as T)[key] : undefined;
      const read = inPlace(key, () => fields[key](found));
      if (read !== undefined) result[key] = read;
    }
    return result as T;
  };

/** As an object with these fields, whose other keys are names. */
export const objectAnd =
  <T extends object, O>(
    fields: { [K in keyof T]-?: Shape<T[K]> },
    others: Shape<O>,
  ): Shape<Record<string, O> & T> =>
  (value) => {
    const known = object<T>(fields)(value);
    const rest = entriesOf(value).flatMap(([name, item]) =>
      Object.hasOwn(fields, name) ? [] : [[name, inPlace(name, () => others(item))] as const],
    );
    return { ...Object.fromEntries(rest), ...known };
  };

function inPlace<T>(key: string | number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ShapeError) error.within(key);
    throw error;
  }
}
