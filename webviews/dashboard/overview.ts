import { formatDuration } from '../../engine/presentation/duration';
import type { History } from '../../engine/presentation/history';
import { stageNames } from '../../engine/presentation/networks';
import { h, on, setText } from '../shared/dom';
import type { RunCommand, RunInfo } from '../../engine/contract/dashboard-page';

const stateTitles: Record<RunInfo['state'], string> = {
  running: 'Running',
  finished: 'Finished',
  cancelled: 'Stopped',
  failed: 'Failed',
  interrupted: 'Interrupted',
};

/** The head of the page: how far the run is, on what, and what can be done with it. */
export class Overview {
  readonly element: HTMLElement;
  private readonly title = h('h1');
  private readonly badge = h('span', { class: 'badge' });
  private readonly error = h('p', { class: 'error', role: 'alert', hidden: true });
  private readonly stages = h('ol', { class: 'stages', 'aria-label': 'Stages' });
  private readonly facts = h('dl', { class: 'facts' });
  private readonly buttons: Record<RunCommand | 'compare', HTMLElement>;
  private readonly items = new Map<
    string,
    { item: HTMLElement; bar: HTMLProgressElement; text: HTMLElement }
  >();
  private readonly values = new Map<string, HTMLElement>();

  constructor(act: (command: RunCommand) => void, compare: () => void) {
    const button = (label: string, icon: string, run: () => void, secondary = true) =>
      on(h('vscode-button', { icon, secondary }, label), { click: run });
    this.buttons = {
      stop: button('Stop', 'debug-stop', () => act('stop'), false),
      resume: button('Resume', 'debug-continue', () => act('resume'), false),
      comparePredictions: button('Compare Predictions', 'preview', () => act('comparePredictions')),
      compare: button('Compare Runs', 'diff', compare),
      exportReport: button('Export Report', 'export', () => act('exportReport')),
      openConfig: button('Open Config', 'go-to-file', () => act('openConfig')),
    };
    this.element = h(
      'header',
      { class: 'overview' },
      h('div', { class: 'titleline' }, this.title, this.badge),
      h(
        'div',
        { class: 'actions', role: 'toolbar', 'aria-label': 'Actions' },
        ...Object.values(this.buttons),
      ),
      this.error,
      this.stages,
      this.facts,
    );
    for (const fact of [
      'Time left',
      'Images per second',
      'Device',
      'Memory',
      'Seed',
      'Started',
      'Cohort',
    ]) {
      const value = h('dd', {}, '-');
      this.values.set(fact, value);
      this.facts.append(h('div', {}, h('dt', {}, fact), value));
    }
  }

  /** One row a stage of the plan. */
  private offer(history: History): void {
    const names = stageNames(history.plan);
    if (names.join() === [...this.items.keys()].join()) return;
    this.items.clear();
    this.stages.replaceChildren();
    for (const name of names) {
      const title = history.stageTitle(name);
      const bar = h('progress', { max: 1, value: 0, 'aria-label': `Progress of ${title}` });
      const text = h('span', { class: 'muted' });
      const item = h('li', {}, h('span', { class: 'name' }, title), bar, text);
      this.items.set(name, { item, bar, text });
      this.stages.append(item);
    }
  }

  show(info: RunInfo, history: History): void {
    this.offer(history);
    setText(this.title, info.name);
    setText(this.badge, stateTitles[info.state]);
    this.badge.className = `badge ${info.state}`;
    const finished = info.state === 'finished';
    this.buttons.stop.hidden = info.state !== 'running';
    this.buttons.resume.hidden = !info.canResume;
    this.buttons.comparePredictions.hidden = !finished;
    this.error.hidden = !info.error || !['failed', 'interrupted'].includes(info.state);
    setText(this.error, info.error ?? '');

    const { current } = history;
    for (const [name, { item, bar, text }] of this.items) {
      const stage = history.stages.get(name);
      const at = stage !== undefined && stage === current && info.state === 'running';
      item.className = stage ? (at ? 'current' : stage.state) : 'ahead';
      if (at) item.setAttribute('aria-current', 'step');
      else item.removeAttribute('aria-current');
      bar.value = stage
        ? stage.state === 'skipped'
          ? 1
          : stage.steps
            ? stage.reached / stage.steps
            : 0
        : 0;
      setText(
        text,
        !stage
          ? 'to come'
          : stage.state === 'skipped'
            ? 'taken over'
            : stage.state === 'finished'
              ? formatDuration(stage.seconds ?? 0)
              : `${stage.reached} of ${stage.steps}`,
      );
    }

    const running = info.state === 'running';
    const last = (values: Float32Array | undefined) => values?.at(-1) ?? NaN;
    const speed = last(current?.measure('imagesPerSecond').subarray(-20));
    const memory = [...history.ordered]
      .reverse()
      .map((s) => last(s.measure('memory')))
      .find((v) => !Number.isNaN(v));
    const { device } = history;
    const facts: Record<string, string> = {
      'Time left': !running
        ? '-'
        : info.secondsLeft === null
          ? 'not known yet'
          : formatDuration(info.secondsLeft),
      'Images per second': running && !Number.isNaN(speed) ? speed.toFixed(1) : '-',
      Device: device ? `${device.device} (${device.name}), ${device.threads} threads` : '-',
      Memory: memory === undefined ? '-' : `${Math.round(memory / 2 ** 20)} MiB`,
      Seed: info.seed === null ? '-' : String(info.seed),
      Started: info.started ? new Date(info.started).toLocaleString() : '-',
      Cohort:
        history.cohorts
          .map((c) => `${c.domain} (${c.role}): ${c.cases} cases, ${c.slices} slices`)
          .join('; ') || '-',
    };
    for (const [fact, value] of Object.entries(facts)) setText(this.values.get(fact)!, value);
  }
}
