import Ajv, { type ValidateFunction } from 'ajv';
import type { TSchema } from 'typebox';

/** What is looked at of a JSON schema. */
export interface Schema {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  default?: unknown;
  /** What a text must be, for editors and for the sentence about one that is not. */
  patternErrorMessage?: string;
}

const ajv = new Ajv({ allErrors: true, verbose: true, strict: false });
const validators = new Map<TSchema, ValidateFunction>();

/** A validator of a schema or a part of one; compiling one takes 10 ms, so each is kept. */
export function validatorOf(schema: TSchema): ValidateFunction {
  let validate = validators.get(schema);
  if (!validate) validators.set(schema, (validate = ajv.compile(schema)));
  return validate;
}
