import type { DistillConfig } from '../config/config';
import type { FrechetSemanticDistance } from '../contract/metrics';
import type { NetworkInfo } from '../contract/plan';
import type { DomainReport, Report, Threshold } from '../contract/report';
import { elements } from '../graph/graph';
import { frechetSemanticDistance } from '../metrics/fsd';
import { onnxFacts } from '../graph/onnx-facts';
import { isOnnxFile } from '../networks/catalogue';
import { kindOf } from '../presentation/networks';
import type { PreparedResult } from '../preparation/prepared-case';
import { Random } from '../random';
import type { Device } from '../runtime/runtime';
import type { Weights } from '../weights';
import { chooseThreshold, evaluateNetwork, gainsOf, type OutputKind } from './evaluation';
import { inferenceGraph, Segmenter, VectorEncoder } from './segmenter';

export interface EvaluateNetworksOptions {
  config: DistillConfig;
  networks: readonly NetworkInfo[];
  /** By the networks' names. */
  weights: ReadonlyMap<string, Weights>;
  /** Weights of TAN and SAN, for FSD; null: the run has none, and FSD is not taken. */
  alignment: Weights | null;
  device: Device;
  /** Cases to evaluate on, by domain. */
  tests(domain: string): PreparedResult[];
  /** The source's validation cases, on which a threshold is chosen where the config asks for that. */
  validation: PreparedResult[];
  /** The folder that files of a kind go to, of a network on a domain; null: none are written. */
  output: ((kind: OutputKind, domain: string, network: string) => string) | null;
  stopIfAsked(): void;
  onNetwork(network: string, domain: string, dice: number | null, cases: number): void;
}

/** Evaluates networks on the test cases of every domain, and takes FSD between domains and between networks. */
export async function evaluateNetworks(
  o: EvaluateNetworksOptions,
): Promise<Pick<Report, 'domains' | 'fsd'>> {
  const { config, device } = o;
  const names = Object.keys(config.domains);
  const domains: Record<string, DomainReport> = {};
  for (const name of names) {
    const cases = o.tests(name);
    domains[name] = {
      role: config.domains[name].role,
      cases: cases.length,
      fov: config.domains[name].fov,
      networks: {},
      gain: {},
      files: Object.fromEntries(
        cases.map(({ prepared: { case: item } }) => [
          item.id,
          { images: item.images, labels: item.labels, masks: item.masks },
        ]),
      ),
    };
  }
  const vectors: Vectors = new Map();
  for (const info of o.networks) {
    const network = info.name;
    const architecture = kindOf(info);
    const weights = new Map([...o.weights.get(network)!, ...(o.alignment ?? [])]);
    const segmenter = await Segmenter.open(config, architecture, weights, device);
    try {
      const threshold: Threshold =
        config.evaluation.threshold === 'source'
          ? await chooseThreshold(config, segmenter, o.validation)
          : config.evaluation.threshold;
      for (const name of names) {
        const result = await evaluateNetwork(segmenter, o.tests(name), {
          config,
          output: o.output && ((kind) => o.output!(kind, name, network)),
          threshold,
          beforeCase: () => o.stopIfAsked(),
        });
        domains[name].networks[network] = result;
        o.onNetwork(network, name, result.dice.mean, result.cases.length);
      }
    } finally {
      await segmenter.release();
    }
    if (!o.alignment) continue;
    const encoder = await VectorEncoder.open(config, architecture, weights, device);
    try {
      const found: Record<string, Float64Array[]> = {};
      vectors.set(network, found);
      for (const name of names) {
        o.stopIfAsked();
        found[name] = await encoder.ofCases(
          o.tests(name).map(({ prepared }) => prepared),
          config.method.fsd.vectors,
        );
      }
    } finally {
      await encoder.release();
    }
  }
  for (const domain of Object.values(domains))
    domain.gain = gainsOf(domain.networks, o.networks, config);
  return { domains, fsd: distances(config, o.networks, vectors) };
}

/** Of each network, by domain. */
type Vectors = Map<string, Record<string, Float64Array[]>>;

/** FSD from the source (all source domains together) to each target, and from the teacher to each student on each domain. */
function distances(
  config: DistillConfig,
  networks: readonly NetworkInfo[],
  vectors: Vectors,
): Report['fsd'] {
  const names = Object.keys(config.domains);
  const sources = names.filter((name) => config.domains[name].role === 'source');
  const result: Report['fsd'] = { sourceToTarget: {}, teacherToStudent: {} };
  const teacherName = networks.find(({ role }) => role === 'teacher')?.name;
  for (const { name: network, role } of networks) {
    const own = vectors.get(network);
    if (!own) continue;
    // All students are compared on the same vectors.
    const key = role === 'student' ? role : network;
    const source = sources.flatMap((name) => own[name]);
    for (const name of names.filter((n) => !sources.includes(n))) {
      const value = distanceOf(config, source, own[name], source, key, name);
      if (value) (result.sourceToTarget[name] ??= {})[network] = value;
    }
    const teacher = teacherName === undefined ? undefined : vectors.get(teacherName);
    if (role === 'teacher' || !teacher) continue;
    const basis = sources.flatMap((name) => teacher[name]);
    for (const name of names) {
      const value = distanceOf(config, teacher[name], own[name], basis, 'teacher', key, name);
      if (value) (result.teacherToStudent[name] ??= {})[network] = value;
    }
  }
  return result;
}

/** FSD at equal n, on the principal components of `basis`; null with fewer than 2 vectors, or where those of the basis are all the same. */
export function distanceOf(
  config: DistillConfig,
  p: Float64Array[],
  q: Float64Array[],
  basis: Float64Array[],
  ...key: string[]
): FrechetSemanticDistance | null {
  if (Math.min(p.length, q.length, basis.length) < 2) return null;
  const random = new Random(config.training.seed, 'fsd', ...key);
  return frechetSemanticDistance(p, q, basis, config.method.fsd.dims, random);
}

/** Trainable weights of both networks, as reports have them. */
export const parametersOf = (config: DistillConfig): Report['parameters'] => ({
  teacher: countWeights(config, 'teacher'),
  student: countWeights(config, 'student'),
});

function countWeights(config: DistillConfig, role: 'teacher' | 'student'): number {
  if (isOnnxFile(config[role])) return onnxFacts(config[role].file).weights;
  const graph = inferenceGraph(config, role, 1);
  return [...graph.parameters.values()]
    .filter((p) => p.trainable)
    .reduce((sum, p) => sum + elements(p.value.shape), 0);
}
