import type { Port } from '../../engine/channel';

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

const api = acquireVsCodeApi();

/** The page's end of its conversation with the extension. */
export const port: Port = {
  post: (message) => api.postMessage(message),
  listen: (receive) => {
    const listener = (event: MessageEvent) => receive(event.data);
    window.addEventListener('message', listener);
    return () => window.removeEventListener('message', listener);
  },
};

/** What the page kept of itself: survives being hidden and a reload of the window. */
export const readState = (): unknown => api.getState();

let pending: ReturnType<typeof setTimeout> | null = null;
let latest: unknown;

/** Keeps the page's state; of several changes in a row, the last. */
export function keepState(state: unknown): void {
  latest = state;
  pending ??= setTimeout(keepNow, 150);
}

function keepNow(): void {
  if (pending === null) return;
  clearTimeout(pending);
  pending = null;
  api.setState(latest);
}
// A page that is hidden is gone at once.
window.addEventListener('pagehide', keepNow);
