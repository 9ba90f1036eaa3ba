import { dirname, isAbsolute, join } from 'node:path';

type Values = Readonly<Record<string, string>>;

/** Where the values of `${name}` in a config come from, the first that has one. */
export interface Variables {
  /** Of the command line, or of the editor's settings. */
  given?: Values;
  /** Of the config itself. Between the two comes the environment: MEDDISTILL_NAME. */
  own?: Values;
}

const valueOf = (name: string, { given, own }: Variables): string | undefined =>
  ownOf(given, name) ?? process.env[`MEDDISTILL_${name.toUpperCase()}`] ?? ownOf(own, name);

const ownOf = (values: Values | undefined, name: string): string | undefined =>
  values && Object.hasOwn(values, name) ? values[name] : undefined;

/**
 * A pattern or path of a config file as an absolute one: with its variables' values, relative to the file's folder. A variable without a
 * value is replaced by nothing, and told to `missing`.
 */
export function absolutePath(
  text: string,
  file: string,
  variables: Variables,
  missing: (name: string) => void = () => {},
): string {
  const replaced = text.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
    const value = valueOf(name, variables);
    if (value === undefined) missing(name);
    return value ?? '';
  });
  return isAbsolute(replaced) ? replaced : join(dirname(file), replaced);
}
