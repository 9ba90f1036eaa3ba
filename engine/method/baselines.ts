import Type from 'typebox';
import { choice } from '../options';
import type { Setup } from './setup';
import type { Stage } from '../training/stage';
import { studentAtWork } from './student-at-work';
import { supervised } from './supervised';

/** A student that is not distilled, which stands beside those that are. */
export interface Baseline {
  /** By this the config names it. */
  readonly name: string;
  readonly title: string;
  /** Of the stage that trains it. */
  readonly stageTitle: string;
  /** One sentence for the config's hovers. */
  readonly description: string;
  stage(
    setup: Setup,
    start: readonly string[],
    /** The most views beside an image that a distilled student sees. */
    views: number,
  ): Pick<
    Stage,
    | 'batchSize'
    | 'learningRate'
    | 'steps'
    | 'needs'
    | 'views'
    | 'atLeastAsLongAs'
    | 'stream'
    | 'depends'
    | 'build'
  >;
}

/**
 * The student trained on from where distillation begins, without a teacher: on the same images and supervised views, its batch norms fed
 * alike, for as many steps as distillation takes, or for as many as take as long by the clock as the slowest distillation did, whichever
 * is more.
 */
const control: Baseline = {
  name: 'control',
  title: 'Student, trained on',
  stageTitle: 'Control',
  description:
    'The student trained on alone, on the same images and views: for as many of them and for as long by the clock as distillation takes, whichever is more.',
  stage: (setup, start, views) => ({
    ...setup.training.stages.distill,
    needs: start,
    views,
    atLeastAsLongAs: setup.methods.map(({ name }) => name),
    stream: 'distill',
    depends: [
      setup.student,
      ...(({ studentStart, supervise, views: appearance }) => [
        studentStart,
        supervise,
        appearance,
      ])(setup.method),
    ],
    build(graph, images) {
      const { terms, student } = studentAtWork(graph, images, views, setup, 'images');
      return { terms, trains: ['student/'], statistics: student.network.layers.statistics };
    },
  }),
};

/** As the control, but for as many steps only, and on the images without views. */
const controlSteps: Baseline = {
  name: 'control-steps',
  title: 'Student, trained on for equal steps',
  stageTitle: 'Control, equal steps',
  description:
    'The student trained on alone, on the same images without views, for as many steps as distillation takes: a fraction of its time.',
  stage: (setup, start) => ({
    ...setup.training.stages.distill,
    needs: start,
    views: 0,
    stream: 'distill',
    depends: [setup.student, setup.method.studentStart],
    build: supervised(setup, 'student'),
  }),
};

/** Every baseline that a config may name; the student alone, `warmup`, is always there. */
export const baselines: readonly Baseline[] = [control, controlSteps];

export const baselinesChoice = Type.Array(
  choice(Object.fromEntries(baselines.map(({ name, description }) => [name, description]))),
  {
    uniqueItems: true,
    default: ['control'],
    markdownDescription:
      'Students that are not distilled, to hold the others against, beside the one trained alone (`warmup`), which is always there.',
  },
);
