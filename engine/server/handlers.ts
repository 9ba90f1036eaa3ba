import type { CancellationToken } from 'vscode-jsonrpc';
import type { Calls } from '../contract/calls';

/** What answers calls; a handler that takes long looks at the token between two files. */
export type Handlers<C extends Calls<C>> = {
  [M in keyof C]: (params: C[M]['params'], token: CancellationToken) => Promise<C[M]['result']>;
};
