/** Plays the extension for the dashboard's page, with a made-up run; what is played comes from the page's address. */
import { packEvents } from '../../../engine/presentation/history';
import type { ContrastiveSnapshot } from '../../../engine/contract/contrastive-snapshot';
import { Channel } from '../../../engine/channel';
import type {
  HostCalls,
  HostEvent,
  PageCalls,
  PageEvent,
  RunInfo,
} from '../../../engine/contract/dashboard-page';
import { madeRun, type MadeRun } from '../../engine/presentation/run-events';
import { applyTheme, type ThemeName } from '../themes';

const query = new URLSearchParams(location.search);
const number = (name: string, otherwise: number) => Number(query.get(name) ?? otherwise);

/** What a test may look at and do. */
export interface Played {
  saved: { name: string; content: string | Uint8Array }[];
  commands: string[];
  setTheme(name: ThemeName): void;
  /** Hands over so many more events of the run. */
  go(count: number): void;
  addRun(seed: number): void;
}

const run = madeRun({ steps: number('steps', 200), every: number('every', 20), seed: 1 });
const all = new Map<string, MadeRun>([['/runs/demo', run]]);
let upTo = Math.min(run.events.length, number('until', run.events.length));

const infoOf = (folder: string): RunInfo => {
  const running = folder === '/runs/demo' && upTo < run.events.length;
  return {
    folder,
    name: folder.split('/').at(-1)!,
    state: running ? 'running' : 'finished',
    error: null,
    canResume: false,
    share: upTo / run.events.length,
    secondsLeft: running ? 754 : null,
    started: run.events[0].time,
    seed: 1,
  };
};

const played: Played = {
  saved: [],
  commands: [],
  setTheme: applyTheme,
  go: (count) => {
    const part = run.events.slice(upTo, upTo + count);
    upTo += part.length;
    send('/runs/demo', part, false);
    channel.say({ type: 'info', info: infoOf('/runs/demo') });
  },
  addRun: (seed) => {
    all.set(
      `/runs/seed-${seed}`,
      madeRun({ steps: number('steps', 200), every: number('every', 20), seed }),
    );
    everything();
  },
};
Object.assign(globalThis, { played });
played.setTheme((query.get('theme') ?? 'dark') as ThemeName);

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

const channel = new Channel<HostCalls, PageCalls, HostEvent, PageEvent>(
  {
    post: (message) => window.postMessage(structuredClone(message)),
    listen: (receive) => {
      hear = receive;
      return () => (hear = null);
    },
  },
  {
    onEvent: (event) => {
      if (event.type === 'ready') everything();
      else played.commands.push(event.command);
    },
    serve: {
      snapshot: ({ file }): ContrastiveSnapshot => {
        const found = run.graphs[file];
        if (!found) throw new Error(`${file} is not there.`);
        return found;
      },
      picture: ({ file }) => picture(file),
      save: (file) => {
        played.saved.push(file);
        return true;
      },
      chooseRuns: () => played.addRun(2),
      removeRun: ({ folder }) => {
        all.delete(folder);
        everything();
      },
    },
  },
);

function everything(): void {
  channel.say({ type: 'runs', runs: [...all.keys()].map(infoOf) });
  for (const [folder, { events }] of all)
    send(folder, folder === '/runs/demo' ? events.slice(0, upTo) : events, true);
  if (all.size > 1)
    channel.say({
      type: 'comparison',
      tables: [
        {
          title: 'Final numbers',
          columns: [
            { title: 'Number' },
            ...[...all.keys()].map((title) => ({ title, numeric: true })),
          ],
          rows: [
            [
              { text: 'Dice, distilled student, mr (target)' },
              ...[...all.keys()].map((_, i) => ({
                text: (0.75 + i / 100).toFixed(3),
                value: 0.75 + i / 100,
                best: i === all.size - 1,
              })),
            ],
          ],
        },
      ],
    });
}

const send = (folder: string, events: MadeRun['events'], reset: boolean) =>
  channel.say({ type: 'packet', folder, packet: packEvents(events), reset });

/** A small grey square whose shade tells the file: a real PNG, made by the browser. */
async function picture(file: string): Promise<Uint8Array | null> {
  const [, image, view] = /b(\d+)-v(\d+)\.png$/.exec(file) ?? [];
  if (image === undefined || image === '3') return null;
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 16;
  const context = canvas.getContext('2d')!;
  context.fillStyle = `rgb(${60 + 40 * Number(image)} ${40 * Number(view)} 90)`;
  context.fillRect(0, 0, 16, 16);
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/png'));
  return new Uint8Array(await blob!.arrayBuffer());
}
