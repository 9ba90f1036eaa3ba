/** Plays the extension for the viewer's page: calls go to the test, which has the engine's handlers. */
import { Channel } from '../../../engine/channel';
import type {
  HostCalls,
  HostEvent,
  PageCalls,
  PageEvent,
  ViewerCommand,
} from '../../../engine/contract/viewer-page';
import { applyTheme, type ThemeName } from '../themes';
import { pack, unpack } from './packed';

/** What a test may look at and do. */
export interface Played {
  remembered: unknown;
  calls: { method: string; params: unknown }[];
  setTheme(name: ThemeName): void;
  command(command: ViewerCommand): void;
  /** Calls that are not answered yet. */
  open: number;
  /** Kinds of drawing contexts that the page asked for. */
  contexts: string[];
}

const query = new URLSearchParams(location.search);

const played: Played = {
  remembered: null,
  calls: [],
  open: 0,
  contexts: [],
  setTheme: applyTheme,
  command: (command) => channel.say({ type: 'command', command }),
};
Object.assign(globalThis, { played });
played.setTheme((query.get('theme') ?? 'dark') as ThemeName);

const prototype = HTMLCanvasElement.prototype as { getContext: (...given: unknown[]) => unknown };
const plain = Reflect.get(prototype, 'getContext');
prototype.getContext = function (this: HTMLCanvasElement, ...given: unknown[]) {
  const kind = String(given[0]);
  if (!played.contexts.includes(kind)) played.contexts.push(kind);
  return plain.apply(this, given);
};

let hear: ((message: unknown) => void) | null = null;
Object.assign(globalThis, {
  acquireVsCodeApi: () => ({
    postMessage: (message: unknown) => {
      const copy: unknown = structuredClone(message);
      setTimeout(() => hear?.(copy), 0);
    },
    getState: (): unknown => JSON.parse(sessionStorage.getItem('state') ?? 'null'),
    setState: (state: unknown) => sessionStorage.setItem('state', JSON.stringify(state)),
  }),
});

async function ask<M extends keyof HostCalls>(
  method: M,
  params: HostCalls[M]['params'],
): Promise<HostCalls[M]['result']> {
  played.calls.push({ method, params });
  played.open++;
  try {
    const response = await fetch('/answer', {
      method: 'POST',
      body: pack({ method, params, query: location.search }),
    });
    const answer = unpack(await response.text()) as
      { value: HostCalls[M]['result'] } | { error: string };
    if ('error' in answer) throw new Error(answer.error);
    return answer.value;
  } finally {
    // The page gets the answer a turn later.
    setTimeout(() => played.open--, 20);
  }
}

const channel = new Channel<HostCalls, PageCalls, HostEvent, PageEvent>(
  {
    post: (message) => window.postMessage(structuredClone(message)),
    listen: (receive) => {
      hear = receive;
      return () => (hear = null);
    },
  },
  {
    onEvent: ({ settings }) => (played.remembered = settings),
    serve: {
      start: async (nothing) => ({
        ...(await ask('start', nothing)),
        settings: JSON.parse(sessionStorage.getItem('remembered') ?? 'null') as unknown,
      }),
      viewerOpen: (params) => ask('viewerOpen', params),
      viewerSlice: (params) => ask('viewerSlice', params),
      viewerDice: (params) => ask('viewerDice', params),
      addOverlays: (params) => ask('addOverlays', params),
      removeOverlay: (params) => ask('removeOverlay', params),
    },
  },
);
