/**
 * The engine as the extension's child process: answers what the editor asks (engine/contract/server.ts) as JSON-RPC over the IPC
 * channel, which carries typed arrays as they are. It ends with the channel, and with its parent while it is busy. Training runs are processes of their own.
 */
import {
  createMessageConnection,
  IPCMessageReader,
  IPCMessageWriter,
  ResponseError,
  type CancellationToken,
} from 'vscode-jsonrpc/node';
import type { ServerCalls } from '../contract/server';
import { UserError } from '../errors';
import { endWithParent } from '../parent';
import { cohortHandlers } from './cohort';
import { comparisonHandlers } from './comparison';
import { configHandlers } from './config';
import { cudaHandlers } from './cuda';
import type { Handlers } from './handlers';
import { projectHandlers } from './project';
import { runHandlers } from './runs';
import { viewerHandlers } from './viewer';

/** Code of a refusal, whose message is for the user; other failures are faults of the program. */
const refused = 1;

const connection = createMessageConnection(
  new IPCMessageReader(process),
  new IPCMessageWriter(process),
);

const handlers: Handlers<ServerCalls> = {
  ...cohortHandlers,
  ...comparisonHandlers,
  ...configHandlers,
  ...cudaHandlers((share) => void connection.sendNotification('cudaProgress', { share })),
  ...projectHandlers,
  ...runHandlers,
  ...viewerHandlers,
};

for (const [method, handler] of Object.entries(handlers))
  connection.onRequest(method, async (params: unknown, token: CancellationToken) => {
    try {
      return await handler(params as never, token);
    } catch (error) {
      if (error instanceof UserError) throw new ResponseError(refused, error.message);
      throw error;
    }
  });

process.on('disconnect', () => process.exit(0));
endWithParent();
connection.listen();
