import type { DistillConfig, StudentConfig } from '../config/config';
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
export function stagesOf(config: DistillConfig): Stage[] {
  const start = config.method.studentStart === 'warmup' ? ['warmup'] : [];
  const stages: Stage[] = [
    alone(config, 'teacher', 'teacher', 'Teacher'),
    alone(config, 'warmup', 'student', 'Student warm-up'),
  ];
  for (const { method } of config.methods)
    for (const before of methodNamed(method).before) {
      const stage = before(config);
      if (!stages.some(({ name }) => name === stage.name)) stages.push(stage);
    }
  for (const baseline of chosenBaselines(config))
    stages.push({
      name: baseline.name,
      title: baseline.stageTitle,
      network: { name: baseline.name, architecture: 'student' },
      ...baseline.stage(config, start),
    });
  for (const student of config.methods) stages.push(distillation(config, student, start));
  return stages;
}

const chosenBaselines = (config: DistillConfig) =>
  baselines.filter(({ name }) => config.baselines.includes(name));

/** One of the config's two networks, trained on labels or read from a file. */
const alone = (
  config: DistillConfig,
  name: 'teacher' | 'warmup',
  architecture: 'teacher' | 'student',
  title: string,
): Stage => ({
  name,
  title,
  ...config.training.stages[name],
  needs: [],
  network: { name, architecture },
  ...(config[architecture].weights === undefined ? {} : { weights: config[architecture].weights }),
  views: 0,
  stream: name,
  depends: { ...config[architecture], weights: null },
  build: supervised(config, architecture),
});

/** Distillation of one student, from the weights, on the data and with the random numbers that all students have. */
function distillation(
  config: DistillConfig,
  { name, method: methodName, options }: StudentConfig,
  start: readonly string[],
): Stage {
  const method = methodNamed(methodName);
  const { augmentations, scale, studentStart } = config.method;
  const several = config.methods.length > 1;
  return {
    name,
    title: several ? `Distillation, ${studentTitle(config, name)}` : 'Distillation',
    ...config.training.stages.distill,
    needs: ['teacher', ...method.before.map((before) => before(config).name), ...start],
    network: { name, architecture: 'student' },
    views: method.views(options, augmentations),
    ...(method.contrastiveGraphs && { contrastiveGraphs: method.contrastiveGraphs(options) }),
    stream: 'distill',
    depends: [methodName, options, { augmentations, scale, studentStart }],
    build: (graph, n) => distillationLoss(graph, n, config, methodName, options),
  };
}

/** The supervised loss of the student and the method's terms; the teacher is frozen. */
function distillationLoss(
  graph: Graph,
  images: number,
  config: DistillConfig,
  methodName: string,
  options: unknown,
): Loss {
  const method = methodNamed(methodName);
  const views = method.views(options, config.method.augmentations);
  const all = images * (1 + views);
  const classes = config.classes.length;
  const x = imagesInput(graph, config, all);
  const labels = firstRows(labelsInput(graph, config, all), images);
  const student = new Network(graph, 'student', config.student, classes, true);
  const teacher = new Network(graph, 'teacher', config.teacher, classes);
  const seen = {
    student: { network: student, encoding: student.encode(x) },
    teacher: { network: teacher, encoding: teacher.encode(x) },
  };
  const predicted = method.predicts(options) === 'views' ? all : images;
  const logits = student.decode(firstEncodings(seen.student.encoding, predicted));
  const supervisedLogits = predicted > images ? firstRows(logits, images) : logits;
  const terms = supervisedTerms(config, supervisedLogits, labels);
  const like =
    config.method.scale === 'match'
      ? (terms['crossEntropy']?.value ?? crossEntropy(supervisedLogits, labels))
      : undefined;
  const distilled: Seen = { graph, config, images, views, ...seen, logits, like };
  return {
    terms: { ...terms, ...method.terms(distilled, options) },
    trains: ['student/', ...(method.trains ?? [])],
    statistics: student.layers.statistics,
  };
}

/** What a student is called among several: its method's title, and its own name where that says more. */
function studentTitle({ methods }: DistillConfig, name: string): string {
  const { method } = methods.find((student) => student.name === name)!;
  const { title } = methodNamed(method);
  return name === method ? title : `${title} (${name})`;
}

/** The networks that a config trains, in the order in which they are shown. */
export function networksOf(config: DistillConfig): NetworkInfo[] {
  const networks: Omit<NetworkInfo, 'color' | 'stage'>[] = [
    { name: 'teacher', role: 'teacher', title: 'Teacher' },
    { name: 'warmup', role: 'baseline', title: 'Student, warm-up' },
    ...chosenBaselines(config).map(({ name, title }) => ({
      name,
      role: 'baseline' as const,
      title,
    })),
    ...config.methods.map(({ name }) => ({
      name,
      role: 'student' as const,
      title:
        config.methods.length > 1 ? `Student, ${studentTitle(config, name)}` : 'Student, distilled',
    })),
  ];
  return networks.map((network, color) => ({ ...network, stage: network.name, color }));
}

/** What a run of a config trains. */
export const planOf = (config: DistillConfig): RunPlan => ({
  stages: stagesOf(config).map(({ name, title, steps }) => ({ name, title, steps })),
  networks: networksOf(config),
});
