import { fork, type ChildProcess } from 'node:child_process';
import {
  CancellationToken,
  createMessageConnection,
  IPCMessageReader,
  IPCMessageWriter,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import type { ServerCalls, ServerMethod, ServerNotifications } from '../engine/contract/server';
import { RestartLimit } from './restart-limit';

/** Where the client writes, level by level. */
export interface EngineLog {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** How an engine ended without being asked to. */
export interface EngineCrash {
  /** One sentence. */
  message: string;
  /** True where it will not be started again by itself. */
  final: boolean;
}

interface Running {
  child: ChildProcess;
  connection: MessageConnection;
}

/**
 * The engine's server as a child process: started on first need, started again on the next need after a crash (at most 5
 * times in 3 minutes), ended by `dispose`. Requests that a crash cuts off are rejected.
 */
export class EngineClient {
  private running: Running | null = null;
  private disposed = false;
  private readonly limit = new RestartLimit(5, 3 * 60_000);
  /** Is told the share of an installation's download that is there. */
  onCudaProgress: (share: number) => void = () => {};

  constructor(
    private readonly module: string,
    private readonly log: EngineLog,
    private readonly onCrash: (crash: EngineCrash) => void,
    private readonly environment: () => Record<string, string> = () => ({}),
  ) {}

  /** Process id of the server, while there is one. */
  get pid(): number | undefined {
    return this.running?.child.pid;
  }

  /** @throws Error with the engine's sentence where the call is refused or fails */
  async request<M extends ServerMethod>(
    method: M,
    params: ServerCalls[M]['params'],
    token: CancellationToken = CancellationToken.None,
  ): Promise<ServerCalls[M]['result']> {
    const { connection } = this.start();
    return await connection.sendRequest<ServerCalls[M]['result']>(method, params, token);
  }

  /** Ends the server; the next request starts a new one, whatever happened before. */
  restart(): void {
    this.limit.clear();
    this.stop();
  }

  dispose(): void {
    this.disposed = true;
    this.stop();
  }

  private stop(): void {
    const { running } = this;
    this.running = null;
    running?.connection.dispose();
    running?.child.kill();
  }

  private start(): Running {
    if (this.disposed) throw new Error('The window is closing.');
    if (this.running) return this.running;
    if (this.limit.reached())
      throw new Error(
        'The engine stopped 5 times within 3 minutes and is not started again by itself: see the log, then run "MedDistill: Restart Engine".',
      );
    const child = fork(this.module, [], {
      // Keeps typed arrays as they are.
      serialization: 'advanced',
      // The editor's own debugging flags are not for this process.
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // The editor's binary is then a plain Node.
      env: { ...process.env, ...this.environment(), ELECTRON_RUN_AS_NODE: '1' },
    });
    let lastLine = '';
    const listen = (stream: NodeJS.ReadableStream, level: 'info' | 'warn') => {
      let rest = '';
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop()!;
        for (const line of lines.filter((l) => l.trim())) {
          lastLine = line;
          this.log[level](`engine: ${line}`);
        }
      });
    };
    listen(child.stdout!, 'info');
    listen(child.stderr!, 'warn');
    const connection = createMessageConnection(
      new IPCMessageReader(child),
      new IPCMessageWriter(child),
    );
    connection.onNotification('log', ({ level, message }: ServerNotifications['log']) =>
      this.log[level === 'warning' ? 'warn' : level](`engine: ${message}`),
    );
    connection.onNotification('cudaProgress', ({ share }: ServerNotifications['cudaProgress']) =>
      this.onCudaProgress(share),
    );
    connection.listen();
    const running = { child, connection };
    this.running = running;
    this.log.info(`engine: started, process ${child.pid}`);
    const ended = (how: string) => {
      if (this.running !== running) return;
      this.running = null;
      // Rejects what was asked and not answered.
      connection.dispose();
      this.limit.add();
      const message = `The engine stopped unexpectedly (${how})${lastLine ? `: ${lastLine}` : '.'}`;
      this.log.error(message);
      this.onCrash({ message, final: this.limit.reached() });
    };
    child.once('error', (error) => ended(error.message));
    child.once('close', (code, signal) => ended(signal ?? `exit code ${code}`));
    return running;
  }
}
