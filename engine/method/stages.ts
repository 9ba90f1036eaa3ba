import type { Setup, StudentConfig } from './setup';
import type { NetworkInfo, RunPlan } from '../contract/plan';
import type { Graph, Value } from '../graph/graph';
import { isOnnxFile, weightsOf } from '../networks/catalogue';
import { Network } from '../networks/network';
import type { Loss, Scaling, Stage } from '../training/stage';
import { baselines } from './baselines';
import { studentAtWork, type StudentAtWork } from './student-at-work';
import { methodNamed } from './catalogue';
import type { Method, Seen, SeenNetwork } from './method';
import { firstEncodings, firstRows, softLabelsInput } from './rows';
import { crossEntropy } from './segmentation-loss';
import { supervised } from './supervised';

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
  const distillations = setup.methods.map((student) => distillation(setup, student, start));
  stages.push(...distillations);
  // Controls come last: how long distillation takes is known only after it.
  const views = Math.max(0, ...distillations.map((stage) => stage.views));
  for (const baseline of chosenBaselines(setup))
    stages.push({
      name: baseline.name,
      title: baseline.stageTitle,
      network: { name: baseline.name, architecture: 'student' },
      ...baseline.stage(setup, start, views),
    });
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
  weights: weightsOf(setup[architecture]),
  views: 0,
  stream: name,
  // By what is in the file, wherever it lies.
  depends: { ...setup[architecture], [isOnnxFile(setup[architecture]) ? 'file' : 'weights']: null },
  build: supervised(setup, architecture),
});

/** Distillation of one student, from the weights, on the data and with the random numbers that all students have. */
function distillation(
  setup: Setup,
  { name, method: methodName, options }: StudentConfig,
  start: readonly string[],
): Stage {
  const method = methodNamed(methodName);
  const { augmentations, views, scale, share, supervise, studentStart } = setup.method;
  const several = setup.methods.length > 1;
  return {
    name,
    title: several ? `Distillation, ${studentTitle(setup, name)}` : 'Distillation',
    ...setup.training.stages.distill,
    needs: ['teacher', ...method.before.map((before) => before(setup).name), ...start],
    network: { name, architecture: 'student' },
    views: viewsOf(setup, method, options),
    ...(method.softLabels?.(options) ? { softLabels: true } : {}),
    ...(method.byImage?.(options) ? {} : { whole: true }),
    ...(method.contrastiveGraphs && { contrastiveGraphs: method.contrastiveGraphs(options) }),
    stream: 'distill',
    depends: [methodName, options, { augmentations, views, scale, share, supervise, studentStart }],
    build: (graph, n) => distillationLoss(graph, n, setup, methodName, options),
  };
}

/** Views beside each image that a student sees: all where they are supervised, so that every student is fed alike. */
const viewsOf = (
  { method: { augmentations, supervise } }: Setup,
  method: Method,
  options: StudentConfig['options'],
): number => (supervise === 'views' ? augmentations : method.views(options, augmentations));

/**
 * The supervised loss of the student and the method's terms; the teacher is frozen. A method without views compares the networks on the
 * images, also where the student learns from labels on views.
 */
function distillationLoss(
  graph: Graph,
  images: number,
  setup: Setup,
  methodName: string,
  options: StudentConfig['options'],
): Loss {
  const method = methodNamed(methodName);
  const predicts = method.predicts(options);
  const own = studentAtWork(graph, images, viewsOf(setup, method, options), setup, predicts);
  const views = method.views(options, setup.method.augmentations);
  const rows = images * (1 + views);
  const { network, encoding } = own.student;
  let teacher: SeenNetwork | undefined;
  let softLabels: Value | undefined;
  const kept = new Map<string, Value>();
  const distilled: Seen = {
    graph,
    setup,
    images,
    views,
    student: { network, encoding: firstEncodings(encoding, rows) },
    get teacher() {
      return (teacher ??= frozenTeacher(graph, setup, firstRows(own.images, rows)));
    },
    get softLabels() {
      softLabels ??= softLabelsInput(graph, setup, own.allLabels.shape[0]);
      return firstRows(softLabels, rows);
    },
    logits: firstRows(own.logits, predicts === 'views' ? rows : images),
    labels: firstRows(own.allLabels, rows),
    keep: ({ name }, next) => void kept.set(name, next),
    scaling: scalingOf(setup, own),
  };
  return {
    terms: { ...own.terms, ...method.terms(distilled, options) },
    trains: ['student/', ...(method.trains ?? [])],
    statistics: new Map([...network.layers.statistics, ...kept]),
  };
}

function frozenTeacher(graph: Graph, setup: Setup, images: Value): SeenNetwork {
  const network = new Network(graph, 'teacher', setup.teacher, setup.classes.length);
  return { network, encoding: network.encode(images) };
}

function scalingOf(
  { method: { scale, share } }: Setup,
  { terms, supervised, labels }: StudentAtWork,
): Scaling {
  if (scale === 'gradient') return { share };
  if (scale === 'none') return {};
  return { like: terms['crossEntropy']?.value ?? crossEntropy(supervised, labels) };
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
