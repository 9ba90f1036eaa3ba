import { validateConfig } from '../config/load';
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

export const configHandlers: Handlers<'validate'> = {
  validate: ({ file, text }) => Promise.resolve(validateConfig(text, file).map(faultOf)),
};

export function faultOf({ message, place }: ConfigError): ConfigFault {
  return {
    message,
    line: place?.line ?? 1,
    column: place?.column ?? 1,
    path: place?.path ?? '',
  };
}
