import type * as vscode from 'vscode';
import type {
  DiceResult,
  LayerName,
  SliceCounts,
  SliceResult,
  ViewerCalls,
  ViewerSource,
} from '../engine/contract/viewer';
import { Channel } from '../engine/channel';
import type {
  HostCalls,
  HostEvent,
  Opened,
  PageCalls,
  PageEvent,
  PassedOn,
  ViewerCommand,
} from '../engine/contract/viewer-page';
import type { Services } from './services';
import type { ViewerSettings } from './viewer-settings';

/** What a viewer is about: a run's folder, or a file. */
export interface ViewerContent {
  /** Under this name its settings are remembered. */
  name: string;
  open(): Promise<Opened>;
  /** Whether the page may ask for a source: it gets to see nothing else. */
  allows(source: ViewerSource): boolean;
  addOverlays(uris: string[]): Promise<string[]>;
  removeOverlay(path: string): string[];
}

/** A viewer's page in a webview, and the extension's end of the conversation with it. */
export class ViewerPage implements vscode.Disposable {
  private readonly channel: Channel<HostCalls, PageCalls, HostEvent, PageEvent>;

  constructor(
    webview: vscode.Webview,
    private readonly content: ViewerContent,
    private readonly services: Services,
    settings: ViewerSettings,
  ) {
    const { log } = services;
    webview.options = services.webviewOptions;
    this.channel = new Channel<HostCalls, PageCalls, HostEvent, PageEvent>(
      {
        post: (message) => void webview.postMessage(message),
        listen: (receive) => {
          const listening = webview.onDidReceiveMessage(receive);
          return () => void listening.dispose();
        },
      },
      {
        serve: {
          start: async () => ({
            opened: await this.opened(),
            settings: settings.get(content.name),
          }),
          viewerOpen: (params) => this.pass('viewerOpen', params),
          viewerSlice: async (params) => owned(await this.pass('viewerSlice', params)),
          viewerDice: async (params) => ownedCounts(await this.pass('viewerDice', params)),
          addOverlays: ({ uris }) => content.addOverlays(uris),
          removeOverlay: ({ path }) => content.removeOverlay(path),
        },
        onEvent: ({ settings: kept }) => settings.set(content.name, kept),
        onOddity: (what) => log.warn(`viewer: the page sent ${what}`),
      },
    );
    webview.html = services.webviewHtml(webview, 'viewer', 'Predictions');
  }

  command(command: ViewerCommand): void {
    this.channel.say({ type: 'command', command });
  }

  /** Asks the page to look at everything anew. */
  reload(): void {
    this.channel.say({ type: 'reload' });
  }

  dispose(): void {
    this.channel.close();
  }

  private async opened(): Promise<Opened> {
    try {
      return await this.content.open();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.services.log.warn(`viewer: ${message}`);
      return { kind: 'failed', name: this.content.name, message };
    }
  }

  /** Passes a call on to the engine. @throws Error where the page may not see what it is about */
  private async pass<M extends PassedOn>(
    method: M,
    params: ViewerCalls[M]['params'],
  ): Promise<ViewerCalls[M]['result']> {
    if (!this.content.allows(params.source))
      throw new Error('This is not what the viewer was opened on.');
    return this.services.engine.request(method, params);
  }
}

/** Samples that own their buffer: of a view on a larger one, all of that would be sent. */
function owned(result: SliceResult): SliceResult {
  const { image, layers } = result;
  if (image && 'data' in image) image.data = image.data.slice();
  for (const layer of Object.values(layers))
    if (layer && 'labels' in layer) layer.labels = layer.labels.slice();
  return result;
}

function ownedCounts({ layers }: DiceResult): DiceResult {
  const copy: DiceResult = { layers: {} };
  for (const [name, counts] of Object.entries(layers) as [LayerName, SliceCounts][])
    copy.layers[name] =
      'error' in counts
        ? counts
        : Object.fromEntries(Object.entries(counts).map(([plane, own]) => [plane, own.slice()]));
  return copy;
}
