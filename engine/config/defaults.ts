import type { Static, TSchema } from 'typebox';
import { validatorOf, type Schema } from './validate';

/** A value that fits a schema, with the schema's defaults filled in; of alternatives, those of the one that it fits. */
export const fill = <S extends TSchema>(value: unknown, schema: S): Static<S> =>
  filled(value, schema) as Static<S>;

function filled(value: unknown, schema: Schema): unknown {
  if (schema.anyOf) {
    const fitting = schema.anyOf.find((form) => validatorOf(form)(value));
    return fitting ? filled(value, fitting) : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.map((item) => filled(item, items)) : value;
  }
  const properties = schema.properties ?? {};
  const result: Record<string, unknown> = { ...value };
  for (const [name, property] of Object.entries(properties)) {
    const own = Object.hasOwn(result, name) ? result[name] : undefined;
    const given = own ?? property.default ?? (property.properties ? {} : undefined);
    if (given !== undefined) result[name] = filled(given, property);
  }
  if (typeof schema.additionalProperties === 'object')
    for (const name of Object.keys(result))
      if (!Object.hasOwn(properties, name))
        result[name] = filled(result[name], schema.additionalProperties);
  return result;
}
