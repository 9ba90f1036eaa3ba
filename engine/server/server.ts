/**
 * The engine as the extension's child process: answers what the editor asks (engine/calls.ts) as JSON-RPC over the IPC
 * channel, which carries typed arrays as they are. It ends with the channel. Training runs are processes of their own.
 */
import {
  createMessageConnection,
  IPCMessageReader,
  IPCMessageWriter,
  ResponseError,
  type CancellationToken,
} from 'vscode-jsonrpc/node';
import { UserError } from '../errors';
import { cohortHandlers } from './cohort';
import { configHandlers } from './config';
import type { Handlers } from './handler';
import { projectHandlers } from './project';
import { viewerHandlers } from './viewer';

/** Code of a refusal, whose message is for the user; other failures are faults of the program. */
const refused = 1;

const handlers: Handlers = {
  ...cohortHandlers,
  ...configHandlers,
  ...projectHandlers,
  ...viewerHandlers,
};

const connection = createMessageConnection(
  new IPCMessageReader(process),
  new IPCMessageWriter(process),
);

type AnyHandler = (params: unknown, token: CancellationToken) => Promise<unknown>;
for (const [method, handler] of Object.entries(handlers) as [string, AnyHandler][])
  connection.onRequest(method, async (params: unknown, token: CancellationToken) => {
    try {
      return await handler(params, token);
    } catch (error) {
      if (error instanceof UserError) throw new ResponseError(refused, error.message);
      throw error;
    }
  });

process.on('disconnect', () => process.exit(0));
connection.listen();
