import { basename } from 'node:path';

/** What a config file is called. */
export const configSuffix = '.distill.jsonc';

/** `liver` for `/data/liver.distill.jsonc`. */
export const configName = (path: string): string => basename(path, configSuffix);
