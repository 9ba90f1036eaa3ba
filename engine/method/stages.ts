import type { Setup, StudentConfig } from './setup';
import type { NetworkInfo, RunPlan } from '../contract/plan';
import type { Graph } from '../graph/graph';
import { Network } from '../networks/network';
import type { Loss, Stage } from '../training/stage';
import { baselines } from './baselines';
import { methodNamed } from './catalogue';
import type { Seen } from './method';
import { firstEncodings, firstRows, imagesInput, labelsInput } from './rows';
import { crossEntropy } from './segmentation-loss';
import { supervised, supervisedTerms } from './supervised';

/** The stages of a config, in the order in which they run. What several students need is trained once. */
export function stagesOf(setup: Setup): Stage[] {
  const start = setup.method.studentStart === 'warmup' ? ['warmup'] : [];
  const stages: Stage[] = [
    alone(setup, 'teacher', 'teacher', 'Teacher'),
    alone(setup, 'warmup', 'student', 'Student warm-up'),
  ];
  for (const { method } of setup.methods)
    for (const before of methodNamed(method).before) {
      const stage = before(setup);
      if (!stages.some(({ name }) => name === stage.name)) stages.push(stage);
    }
  for (const baseline of chosenBaselines(setup))
    stages.push({
      name: baseline.name,
      title: baseline.stageTitle,
      network: { name: baseline.name, architecture: 'student' },
      ...baseline.stage(setup, start),
    });
  for (const student of setup.methods) stages.push(distillation(setup, student, start));
  return stages;
}

const chosenBaselines = (setup: Setup) =>
  baselines.filter(({ name }) => setup.baselines.includes(name));

/** One of the config's two networks, trained on labels or read from a file. */
const alone = (
  setup: Setup,
  name: 'teacher' | 'warmup',
  architecture: 'teacher' | 'student',
  title: string,
): Stage => ({
  name,
  title,
  ...setup.training.stages[name],
  needs: [],
  network: { name, architecture },
  ...(setup[architecture].weights === undefined ? {} : { weights: setup[architecture].weights }),
  views: 0,
  stream: name,
  depends: { ...setup[architecture], weights: null },
  build: supervised(setup, architecture),
});

/** Distillation of one student, from the weights, on the data and with the random numbers that all students have. */
function distillation(
  setup: Setup,
  { name, method: methodName, options }: StudentConfig,
  start: readonly string[],
): Stage {
  const method = methodNamed(methodName);
  const { augmentations, scale, studentStart } = setup.method;
  const several = setup.methods.length > 1;
  return {
    name,
    title: several ? `Distillation, ${studentTitle(setup, name)}` : 'Distillation',
    ...setup.training.stages.distill,
    needs: ['teacher', ...method.before.map((before) => before(setup).name), ...start],
    network: { name, architecture: 'student' },
    views: method.views(options, augmentations),
    ...(method.byImage?.(options) ? {} : { whole: true }),
    ...(method.contrastiveGraphs && { contrastiveGraphs: method.contrastiveGraphs(options) }),
    stream: 'distill',
    depends: [methodName, options, { augmentations, scale, studentStart }],
    build: (graph, n) => distillationLoss(graph, n, setup, methodName, options),
  };
}

/** The supervised loss of the student and the method's terms; the teacher is frozen. */
function distillationLoss(
  graph: Graph,
  images: number,
  setup: Setup,
  methodName: string,
  options: StudentConfig['options'],
): Loss {
  const method = methodNamed(methodName);
  const views = method.views(options, setup.method.augmentations);
  const all = images * (1 + views);
  const classes = setup.classes.length;
  const x = imagesInput(graph, setup, all);
  const labels = firstRows(labelsInput(graph, setup, all), images);
  const student = new Network(graph, 'student', setup.student, classes, true);
  const teacher = new Network(graph, 'teacher', setup.teacher, classes);
  const seen = {
    student: { network: student, encoding: student.encode(x) },
    teacher: { network: teacher, encoding: teacher.encode(x) },
  };
  const predicted = method.predicts(options) === 'views' ? all : images;
  const logits = student.decode(firstEncodings(seen.student.encoding, predicted));
  const supervisedLogits = predicted > images ? firstRows(logits, images) : logits;
  const terms = supervisedTerms(setup, supervisedLogits, labels);
  const like =
    setup.method.scale === 'match'
      ? (terms['crossEntropy']?.value ?? crossEntropy(supervisedLogits, labels))
      : undefined;
  const distilled: Seen = { graph, setup, images, views, ...seen, logits, like };
  return {
    terms: { ...terms, ...method.terms(distilled, options) },
    trains: ['student/', ...(method.trains ?? [])],
    statistics: student.layers.statistics,
  };
}

/** What a student is called among several: its method's title, and its own name where that says more. */
function studentTitle({ methods }: Setup, name: string): string {
  const { method } = methods.find((student) => student.name === name)!;
  const { title } = methodNamed(method);
  return name === method ? title : `${title} (${name})`;
}

/** The networks that a config trains, in the order in which they are shown. */
export function networksOf(setup: Setup): NetworkInfo[] {
  const networks: Omit<NetworkInfo, 'color' | 'stage'>[] = [
    { name: 'teacher', role: 'teacher', title: 'Teacher' },
    { name: 'warmup', role: 'baseline', title: 'Student, warm-up' },
    ...chosenBaselines(setup).map(({ name, title }) => ({
      name,
      role: 'baseline' as const,
      title,
    })),
    ...setup.methods.map(({ name }) => ({
      name,
      role: 'student' as const,
      title:
        setup.methods.length > 1 ? `Student, ${studentTitle(setup, name)}` : 'Student, distilled',
    })),
  ];
  return networks.map((network, color) => ({ ...network, stage: network.name, color }));
}

/** What a run of a config trains. */
export const planOf = (setup: Setup): RunPlan => ({
  stages: stagesOf(setup).map(({ name, title, steps }) => ({ name, title, steps })),
  networks: networksOf(setup),
});
