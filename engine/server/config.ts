import { parseConfig, type LoadOptions } from '../config/load';
import type { ConfigError } from '../errors';
import type { Handlers } from './handler';

/** Something wrong in a config file. */
export interface ConfigFault {
  message: string;
  /** From 1; 1 and 1 where no place is known. */
  line: number;
  column: number;
  /** Place in the config, e.g. `domains.ct.images`; empty for the whole. */
  path: string;
}

/** A config as the editor has it, and the values of `${name}` in it. */
export interface ConfigText {
  /** Absolute path; relative patterns start from its folder. */
  file: string;
  text: string;
  variables: Record<string, string>;
}

/** What can be said of a config without looking at its files. */
export interface ConfigSummary {
  faults: ConfigFault[];
  /** Null where the text does not fit the schema. */
  config: {
    classes: string[];
    domains: { name: string; role: 'source' | 'target' }[];
    /** Absolute path of `output.folder`. */
    folder: string;
  } | null;
}

export const configHandlers: Handlers<'summarize'> = {
  summarize: ({ file, text, variables }) => {
    const { config, errors } = parseConfig(text, file, { variables } satisfies LoadOptions);
    return Promise.resolve({
      faults: errors.map(faultOf),
      config: config && {
        classes: config.classes,
        domains: Object.entries(config.domains).map(([name, { role }]) => ({ name, role })),
        folder: config.output.folder,
      },
    });
  },
};

export function faultOf({ message, place }: ConfigError): ConfigFault {
  return {
    message,
    line: place?.line ?? 1,
    column: place?.column ?? 1,
    path: place?.path ?? '',
  };
}
