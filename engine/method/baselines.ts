import Type from 'typebox';
import { choice } from '../options';
import type { Setup } from './setup';
import type { Stage } from '../training/stage';
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
  ): Pick<
    Stage,
    'batchSize' | 'learningRate' | 'steps' | 'needs' | 'views' | 'stream' | 'depends' | 'build'
  >;
}

/** The student trained on from where distillation begins, on the very images that distillation supervises, for as many steps. */
const control: Baseline = {
  name: 'control',
  title: 'Student, trained on',
  stageTitle: 'Control',
  description:
    'The student trained on alone, on the same images and for as many steps as distillation takes.',
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
export const baselines: readonly Baseline[] = [control];

export const baselinesChoice = Type.Array(
  choice(Object.fromEntries(baselines.map(({ name, description }) => [name, description]))),
  {
    uniqueItems: true,
    default: ['control'],
    markdownDescription:
      'Students that are not distilled, to hold the others against, beside the one trained alone (`warmup`), which is always there.',
  },
);
