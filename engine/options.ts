/**
 * How options are described: as TypeBox schemas with the texts that editors show, beside the thing that they configure. The static type
 * of a schema is the one that the engine works from, with every default filled in (see config/defaults.ts).
 */
import Type, {
  type Static,
  type TObject,
  type TObjectOptions,
  type TProperties,
  type TSchema,
  type TSchemaOptions,
  type TUnsafe,
} from 'typebox';

/**
 * A group of settings. Those with a default, and groups in which nothing is required, may be left out of a file, unless they are in
 * `required`; those without one only where they are `Type.Optional`.
 */
export function settings<P extends TProperties>(
  properties: P,
  { required = [], ...about }: TObjectOptions & { required?: (keyof P & string)[] } = {},
): TObject<P> {
  const inFile = Object.entries(properties).map(([name, schema]) => [
    name,
    mayBeMissing(schema) && !required.includes(name) ? Type.Optional(schema) : schema,
  ]);
  return Type.Object(Object.fromEntries(inFile) as P, { additionalProperties: false, ...about });
}

const mayBeMissing = (schema: TSchema): boolean =>
  Type.IsOptional(schema) ||
  'default' in schema ||
  (Type.IsObject(schema) && Object.values(schema.properties).every(mayBeMissing));

/**
 * Settings that stand elsewhere too, in a place that overrules that one: each may be left out, and none has a default. Values are
 * checked as there; their types are for whoever puts both together.
 */
export const overruling = (properties: TProperties): Record<string, TUnsafe<unknown>> =>
  Object.fromEntries(
    Object.entries(properties).map(([name, property]: [string, Overruled]) => {
      const schema = { ...property };
      delete schema.default;
      const own = schema.properties
        ? Type.Object(overruling(schema.properties), {
            additionalProperties: false,
            markdownDescription: schema.markdownDescription,
          })
        : schema;
      return [name, Type.Optional(Type.Unsafe<unknown>(own))];
    }),
  );

type Overruled = TSchema & {
  default?: unknown;
  properties?: TProperties;
  markdownDescription?: string;
};

/** One of several words, each with what it means. */
export const choice = <W extends string>(
  words: Readonly<Record<W, string>>,
  about: TSchemaOptions = {},
): TUnsafe<W> =>
  Type.Unsafe<W>({
    type: 'string',
    enum: Object.keys(words),
    markdownEnumDescriptions: Object.values(words),
    ...about,
  });

/** Settings of one form behind names that the file chooses. */
export const named = <S extends TSchema>(
  schema: S,
  about: TObjectOptions = {},
): TUnsafe<Record<string, Static<S>>> =>
  Type.Unsafe<Record<string, Static<S>>>({
    type: 'object',
    additionalProperties: schema,
    ...about,
  });

/** Two values of one form. */
export const pair = <S extends TSchema>(
  schema: S,
  about: TSchemaOptions = {},
): TUnsafe<[Static<S>, Static<S>]> =>
  Type.Unsafe<[Static<S>, Static<S>]>(Type.Array(schema, { ...about, minItems: 2, maxItems: 2 }));

/** One of several forms. */
export const anyOf = <S extends TSchema>(
  forms: readonly S[],
  about: TSchemaOptions = {},
): TUnsafe<Static<S>> => Type.Unsafe<Static<S>>({ anyOf: [...forms], ...about });

/** What a config chooses by its name, with options of its own: catalogues list such. */
export interface Named<N extends string = string, P extends TProperties = TProperties> {
  /** In configs. */
  readonly name: N;
  /** For people. */
  readonly title: string;
  /** With `markdownDescription`: what it is, and where it is from. */
  readonly options: TObject<P>;
}

/** A choice from a catalogue as a config writes it: the name behind `K`, its options, and those that all of the catalogue have. */
export type Chosen<K extends string, T, Shared extends TProperties = Record<never, never>> =
  T extends Named<infer N, infer P>
    ? Plain<Record<K, N> & Static<TObject<P>> & Static<TObject<Shared>>>
    : never;

type Plain<T> = { [K in keyof T]: T[K] } & {};

/** The form of each thing in a catalogue: `{ keyword: name, ...its options, ...shared }`. */
export const forms = <
  K extends string,
  T extends Named,
  Shared extends TProperties = Record<never, never>,
>(
  keyword: K,
  catalogue: readonly T[],
  shared = {} as Shared,
): TUnsafe<Chosen<K, T, Shared>>[] =>
  catalogue.map(({ name, title, options }) => {
    const { properties, ...about } = options;
    return Type.Unsafe<Chosen<K, T, Shared>>(
      settings({ [keyword]: Type.Literal(name), ...properties, ...shared }, { ...about, title }),
    );
  });
