/**
 * The two ends of a conversation between a page and the extension. Each end may call what the other serves, and tell it events.
 * Every call settles: with a result, an error, or the channel's end. Both ends import this: it knows neither VS Code, nor Node, nor
 * the DOM.
 */
import type { Calls } from './contract/calls';

export interface Port {
  post(message: unknown): void;
  /** Returns how to stop listening. */
  listen(receive: (message: unknown) => void): () => void;
}

/** What this end does for the other. */
export type Served<C extends Calls<C>> = {
  [M in keyof C]: (params: C[M]['params']) => C[M]['result'] | Promise<C[M]['result']>;
};

type Message =
  | { kind: 'call'; id: number; method: string; params: unknown }
  | { kind: 'result'; id: number; value: unknown }
  | { kind: 'error'; id: number; message: string }
  | { kind: 'event'; event: unknown };

export interface ChannelOptions<Mine extends Calls<Mine>, Heard> {
  serve?: Served<Mine>;
  onEvent?: (event: Heard) => void;
  /** A message that is none, or that names no method: once a kind, not once a message. */
  onOddity?: (what: string) => void;
}

/** `Mine`: what this end serves; `Theirs`: what it may call; `Said`, `Heard`: events that it sends and gets. */
export class Channel<Mine extends Calls<Mine>, Theirs extends Calls<Theirs>, Said, Heard> {
  private readonly waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  private readonly oddities = new Set<string>();
  private readonly stop: () => void;
  private last = 0;
  private closed = false;

  constructor(
    private readonly port: Port,
    private readonly options: ChannelOptions<Mine, Heard>,
  ) {
    this.stop = port.listen((message) => void this.receive(message));
  }

  /** @throws Error with the other end's message, or where the channel is closed before it answers */
  call<M extends keyof Theirs & string>(
    method: M,
    params: Theirs[M]['params'],
  ): Promise<Theirs[M]['result']> {
    if (this.closed) return Promise.reject(new Error('The view is closed.'));
    const id = ++this.last;
    const answer = new Promise<unknown>((resolve, reject) =>
      this.waiting.set(id, { resolve, reject }),
    );
    this.send({ kind: 'call', id, method, params });
    return answer;
  }

  say(event: Said): void {
    if (!this.closed) this.send({ kind: 'event', event });
  }

  close(): void {
    this.closed = true;
    this.stop();
    for (const { reject } of this.waiting.values()) reject(new Error('The view is closed.'));
    this.waiting.clear();
  }

  private send(message: Message): void {
    this.port.post(message);
  }

  private async receive(raw: unknown): Promise<void> {
    if (typeof raw !== 'object' || raw === null) return this.wonder('a message of no known kind');
    const message = raw as Message;
    switch (message.kind) {
      case 'call':
        return this.answer(message);
      case 'result':
        this.waiting.get(message.id)?.resolve(message.value);
        this.waiting.delete(message.id);
        return;
      case 'error':
        this.waiting.get(message.id)?.reject(new Error(message.message));
        this.waiting.delete(message.id);
        return;
      case 'event':
        this.options.onEvent?.(message.event as Heard);
        return;
      default:
        this.wonder('a message of no known kind');
    }
  }

  private async answer({ id, method, params }: Extract<Message, { kind: 'call' }>): Promise<void> {
    const { serve } = this.options;
    if (!serve || !Object.hasOwn(serve, method)) {
      this.wonder(`a call of "${method}"`);
      this.send({ kind: 'error', id, message: `There is no "${method}".` });
      return;
    }
    try {
      const value = await serve[method as keyof Mine](params);
      if (!this.closed) this.send({ kind: 'result', id, value });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (!this.closed) this.send({ kind: 'error', id, message });
    }
  }

  private wonder(what: string): void {
    if (this.oddities.has(what)) return;
    this.oddities.add(what);
    this.options.onOddity?.(what);
  }
}
