import { fileURLToPath } from 'node:url';
import { UserError } from '../../../engine/errors';
import { viewerHandlers } from '../../../engine/server/viewer';
import { runCases } from '../../../engine/viewer/run-cases';
import type { HostCalls, Opened } from '../../../engine/contract/viewer-page';
import { pack, unpack } from './packed';

const token = { isCancellationRequested: false, onCancellationRequested: () => ({ dispose() {} }) };

/** Answers the page's calls with the engine's own handlers. The page's address names the run (`?run=`) or the file (`?file=`). */
export class PlayedEngine {
  private overlays: string[] = [];

  readonly answer = async (body: string): Promise<string> => {
    const { method, params, query } = unpack(body) as {
      method: keyof HostCalls;
      params: never;
      query: string;
    };
    try {
      return pack({ value: await this.call(method, params, new URLSearchParams(query)) });
    } catch (error) {
      if (error instanceof UserError) return pack({ error: error.message });
      console.error(error);
      return pack({ error: String(error) });
    }
  };

  /** Overlays of the next file that is opened. */
  setOverlays(overlays: string[]): void {
    this.overlays = overlays;
  }

  private async call(
    method: keyof HostCalls,
    params: never,
    query: URLSearchParams,
  ): Promise<unknown> {
    switch (method) {
      case 'start': {
        const [run, file] = [query.get('run'), query.get('file')];
        const opened: Opened = run
          ? { kind: 'run', run: runCases(run), first: first(query) }
          : { kind: 'file', path: file!, overlays: this.overlays };
        return { opened, settings: null };
      }
      case 'addOverlays': {
        const { uris } = params as { uris: string[] };
        this.overlays = [...this.overlays, ...uris.map((uri) => fileURLToPath(uri))];
        return this.overlays;
      }
      case 'removeOverlay': {
        const { path } = params as { path: string };
        this.overlays = this.overlays.filter((other) => other !== path);
        return this.overlays;
      }
      case 'viewerOpen':
        return viewerHandlers.viewerOpen(params, token);
      case 'viewerSlice':
        return viewerHandlers.viewerSlice(params, token);
      case 'viewerDice':
        return viewerHandlers.viewerDice(params, token);
    }
  }
}

function first(query: URLSearchParams): { domain: string; id: string } | null {
  const [domain, id] = [query.get('domain'), query.get('case')];
  return domain && id ? { domain, id } : null;
}
