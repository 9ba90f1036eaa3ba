import {
  diceChart,
  fsdChart,
  gradientChart,
  lossChart,
  measureChart,
  type Axis,
} from '../../engine/presentation/charts';
import type { LineChart } from '../../engine/presentation/chart';
import type { History } from '../../engine/presentation/history';
import { h } from '../shared/dom';
import { select, slider } from './controls';
import { LineView, type LineViewOptions } from './line-view';
import type { PageState } from './state';

/** Charts of losses, Dice, FSD, gradients and speed, live. */
export class Training {
  readonly element: HTMLElement;
  private readonly views: Record<
    'loss' | 'dice' | 'fsd' | 'gradients' | 'norm' | 'speed' | 'memory' | 'rate',
    LineView
  >;
  private readonly stage: ReturnType<typeof select>;
  private history: History | null = null;

  constructor(
    private readonly state: PageState,
    common: Pick<LineViewOptions, 'save' | 'keep' | 'say'>,
  ) {
    // Terms differ by orders of magnitude.
    state.charts['loss'] ??= { log: true };
    const view = (key: string, title: string, empty: string, canLog = false) =>
      new LineView({ ...common, title, empty, canLog, state: (state.charts[key] ??= {}) });
    this.views = {
      loss: view('loss', 'Loss', 'No step has been trained yet.', true),
      dice: view('dice', 'Dice by network and domain', 'Nothing has been evaluated yet.'),
      fsd: view(
        'fsd',
        'Fréchet Semantic Distance by pair of domains',
        'FSD is taken while the student is distilled.',
        true,
      ),
      gradients: view(
        'gradients',
        'Gradient norms',
        'Gradient norms are taken at the first step and at each evaluation.',
      ),
      norm: view('norm', 'Norm of the whole gradient', 'No step has been trained yet.', true),
      speed: view('speed', 'Speed', 'No step has been trained yet.'),
      memory: view('memory', 'Memory', 'The engine has not told its memory.'),
      rate: view('rate', 'Learning rate', 'No step has been trained yet.', true),
    };
    const changed = () => {
      common.keep();
      if (this.history) this.show(this.history);
    };
    this.stage = select('Stage', state.stage, [['current', 'Current stage']], (value) => {
      state.stage = value;
      state.charts['loss'].range = null;
      state.charts['gradients'].range = null;
      changed();
    });
    const axis = select(
      'Dice and FSD over',
      state.axis,
      [
        ['run', 'steps of the run'],
        ['stage', 'steps of each stage'],
      ],
      (value) => {
        state.axis = value as Axis;
        state.charts['dice'].range = null;
        state.charts['fsd'].range = null;
        changed();
      },
    );
    const smoothing = slider(
      'Smoothing',
      { min: 0, max: 0.99, step: 0.01 },
      state.smoothing,
      (value) => {
        state.smoothing = value;
        changed();
      },
    );
    this.element = h(
      'div',
      {},
      h('div', { class: 'controls' }, this.stage.element, axis.element, smoothing.element),
      h('div', { class: 'cards' }, ...Object.values(this.views).map(({ element }) => element)),
    );
  }

  show(history: History): void {
    this.history = history;
    const { state } = this;
    const trained = history.ordered.filter((s) => s.terms.length > 0);
    this.stage.offer([
      ['current', 'Current stage'],
      ...trained.map((s) => [s.stage, history.stageTitle(s.stage)] as const),
    ]);
    const stage = trained.find((s) => s.stage === state.stage) ?? trained.at(-1);
    const { views } = this;
    if (stage) {
      views.loss.show(() => lossChart(history, stage, { smoothing: state.smoothing, log: true }));
      views.gradients.show(() => gradientChart(history, stage));
    } else views.loss.show(() => emptyChart);
    views.dice.show(() => diceChart(history, state.axis));
    views.fsd.show(() => fsdChart(history, state.axis));
    views.norm.show(() => measureChart(history, 'gradientNorm', state.smoothing));
    views.speed.show(() => measureChart(history, 'imagesPerSecond', 0.9));
    views.memory.show(() => measureChart(history, 'memory'));
    views.rate.show(() => measureChart(history, 'learningRate'));
  }

  restyle(): void {
    for (const view of Object.values(this.views)) view.restyle();
  }
}

const emptyChart: LineChart = {
  title: 'Loss',
  kind: 'lines',
  xTitle: 'Step',
  yTitle: '',
  log: false,
  curves: [],
  bands: [],
};
