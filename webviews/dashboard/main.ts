import 'uplot/dist/uPlot.min.css';
import '../shared/elements';
import '../shared/theme.css';
import './dashboard.css';
import { History } from '../../engine/presentation/history';
import { Channel } from '../../engine/channel';
import { h, on, setText } from '../shared/dom';
import { keepState, port, readState } from '../shared/vscode-api';
import { Comparison } from './comparison';
import { ContrastiveGraphs } from './contrastive-graphs';
import type {
  HostCalls,
  HostEvent,
  PageCalls,
  PageEvent,
  RunInfo,
} from '../../engine/contract/dashboard-page';
import { Overview } from './overview';
import { ResultsView } from './results';
import { restoredState } from './state';
import { onThemeChange } from './theme';
import { Training } from './training';

const state = restoredState(readState());
const keep = () => keepState(state);

const channel = new Channel<PageCalls, HostCalls, PageEvent, HostEvent>(port, {
  onEvent: receive,
  onOddity: (what) => console.warn(`The dashboard got ${what}.`),
});

const live = h('p', { class: 'spoken', 'aria-live': 'polite', id: 'live' });
const say = (text: string) => setText(live, text);
const failed = h('p', { class: 'error', role: 'alert', hidden: true });
const fail = (error: unknown) => {
  failed.hidden = false;
  setText(failed, error instanceof Error ? error.message : String(error));
};
const save = (name: string, content: string | Uint8Array) => {
  failed.hidden = true;
  channel.call('save', { name, content }).then((saved) => saved && say(`${name} is saved.`), fail);
};

/** What is known of each run of the panel, its own first. */
const runs = new Map<string, { info: RunInfo; history: History }>();
const own = () => runs.values().next().value;

const overview = new Overview(
  (command) => {
    const run = own();
    if (run) channel.say({ type: 'command', command, folder: run.info.folder });
  },
  () => {
    selectTab(tabNames.indexOf('Compare'));
    choose();
  },
);
const choose = () => void channel.call('chooseRuns', null).catch(fail);
const common = { save, keep, say };
const training = new Training(state, common);
const pictures = new Map<string, Promise<string | null>>();
const graphs = new ContrastiveGraphs(
  state,
  {
    snapshot: (file) => channel.call('snapshot', { folder: own()!.info.folder, file }),
    picture: (file) => {
      const known = pictures.get(file);
      if (known) return known;
      const asked = channel
        .call('picture', { folder: own()!.info.folder, file })
        .then((bytes) =>
          bytes === null
            ? null
            : URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type: 'image/png' })),
        )
        .catch(() => null);
      pictures.set(file, asked);
      return asked;
    },
  },
  common,
);
const results = new ResultsView(save);
const comparison = new Comparison(state, common, {
  choose,
  remove: (folder) => void channel.call('removeRun', { folder }).catch(fail),
});

const tabNames = ['Training', 'Graphs', 'Results', 'Compare'];
const tabs = h('vscode-tabs', { 'selected-index': state.tab }) as HTMLElement & {
  selectedIndex: number;
};
[training, graphs, results, comparison].forEach(({ element }, i) =>
  tabs.append(
    h('vscode-tab-header', { slot: 'header' }, tabNames[i]),
    h('vscode-tab-panel', {}, element),
  ),
);
const selectTab = (index: number) => {
  tabs.setAttribute('selected-index', String(index));
  state.tab = index;
  keep();
  draw();
};
on(tabs, { 'vsc-tabs-select': () => selectTab(tabs.selectedIndex) });

const waiting = h('p', { class: 'empty muted' }, 'Reading the run.');
document.getElementById('app')!.append(overview.element, failed, waiting, tabs, live);
overview.element.hidden = tabs.hidden = true;

function receive(event: HostEvent): void {
  switch (event.type) {
    case 'runs':
      for (const folder of [...runs.keys()])
        if (!event.runs.some((r) => r.folder === folder)) runs.delete(folder);
      // Order matters: the panel's own comes first.
      for (const info of event.runs) {
        const history = runs.get(info.folder)?.history ?? new History();
        runs.delete(info.folder);
        runs.set(info.folder, { info, history });
      }
      state.folders = [...runs.keys()];
      keep();
      comparison.set(event.runs);
      break;
    case 'info': {
      const run = runs.get(event.info.folder);
      if (run) run.info = event.info;
      break;
    }
    case 'packet': {
      const run = runs.get(event.folder);
      if (!run) return;
      if (event.reset) run.history = new History();
      run.history.add(event.packet);
      break;
    }
    case 'results':
      if (event.folder === own()?.info.folder) results.set(event.results);
      break;
    case 'comparison':
      comparison.setTables(event.tables);
      break;
    case 'open':
      selectTab(tabNames.indexOf(event.tab));
      return;
  }
  schedule();
}

let scheduled = false;
/** Several messages in a row are drawn once. */
function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    draw();
  });
}

/** Draws what is looked at; the other tabs are drawn when they are opened. */
function draw(): void {
  const run = own();
  if (!run) return;
  const first = tabs.hidden;
  overview.element.hidden = tabs.hidden = false;
  waiting.hidden = true;
  overview.show(run.info, run.history);
  const all = [...runs.values()].map(({ info, history }) => ({ name: info.name, history }));
  [
    () => training.show(run.history),
    () => graphs.show(run.history),
    () => results.show(run.history),
    () => comparison.show(all),
  ][state.tab]?.();
  if (first) window.scrollTo(0, state.scroll);
}

window.addEventListener('scroll', () => {
  if (tabs.hidden) return;
  state.scroll = window.scrollY;
  keep();
});
onThemeChange(() => {
  training.restyle();
  graphs.restyle();
  comparison.restyle();
});

channel.say({ type: 'ready' });
