import type { ConfigFault, Fix } from '../contract/config';

/** Something wrong in a config, by its path; `parseConfig` adds the place in the text. */
export type Fault = Pick<ConfigFault, 'path' | 'message' | 'fixes'>;

export const fault = (path: Fault['path'], message: string, fixes: Fix[] = []): Fault => ({
  path,
  message,
  fixes,
});

/** A fix that gives one field another value; undefined takes it away. */
export const setting = (title: string, path: Fault['path'], value: unknown): Fix => ({
  title,
  edits: [{ path, value }],
});
