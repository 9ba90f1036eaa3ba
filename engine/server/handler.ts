import type { CancellationToken } from 'vscode-jsonrpc';
import type { ServerCalls, ServerMethod } from '../contract/calls';

/** Answers one call; a handler that takes long looks at the token between two files. */
export type Handler<M extends ServerMethod> = (
  params: ServerCalls[M]['params'],
  token: CancellationToken,
) => Promise<ServerCalls[M]['result']>;

/** The handlers of some methods: of one area, or of all. */
export type Handlers<M extends ServerMethod = ServerMethod> = { [K in M]: Handler<K> };
