import { scanCohort } from '../cohort/cohort';
import type { DistillConfig } from '../config/config';
import type { NetworkInfo } from '../contract/plan';
import type { Report } from '../contract/report';
import { UserError } from '../errors';
import { evaluateNetworks, parametersOf } from '../evaluation/networks';
import { networksOf } from '../method/stages';
import { weightsOf } from '../networks/catalogue';
import { openDevice } from '../runtime/device';
import { version } from '../version';
import { domainsNamed, prepareDomains } from './prepared-domains';
import { loadNetworkWeights } from './reuse';

/**
 * Evaluates a teacher that is given, on all cases of every domain, before anything is trained: whether it is prepared for as it was
 * trained shows there. Nothing is written.
 * @throws UserError where the config's teacher is to be trained, or does not fit
 */
export async function tryTeacher(
  config: DistillConfig,
  o: {
    domain?: string;
    onDomain?: (domain: string, dice: number | null) => void;
    /** Called with what is unusual about the files, in sentences. */
    onWarning?: (sentence: string) => void;
  },
): Promise<Report> {
  const path = weightsOf(config.teacher);
  if (path === undefined)
    throw new UserError(
      `The teacher of ${config.file} is to be trained; there is none to try. One that is trained already is given by "weights" or as an ONNX file.`,
    );
  const domains = domainsNamed(config, o.domain);
  const device = await openDevice(config.device, config.threads);
  const weights = await loadNetworkWeights(config, 'teacher', path, device);
  const cohort = await scanCohort(config);
  const cases = await prepareDomains(
    config,
    Object.keys(domains),
    (name) => cohort.domains[name],
    o.onWarning,
  );
  const teacher: NetworkInfo = networksOf(config).find(({ role }) => role === 'teacher')!;
  const began = performance.now();
  const found = await evaluateNetworks({
    config: {
      ...config,
      domains,
      // It may have been trained on the cases on which a threshold would be chosen.
      evaluation: { ...config.evaluation, threshold: 'argmax' },
    },
    networks: [teacher],
    weights: new Map([[teacher.name, weights]]),
    alignment: null,
    device,
    tests: (domain) => cases[domain],
    validation: [],
    output: null,
    stopIfAsked: () => {},
    onNetwork: (_, domain, dice) => o.onDomain?.(domain, dice),
  });
  return {
    meddistill: version,
    seed: config.training.seed,
    device: { name: device.name, description: device.description, threads: device.threads },
    classes: config.classes,
    confidence: config.evaluation.confidence,
    networks: [teacher],
    parameters: parametersOf(config),
    seconds: { evaluate: (performance.now() - began) / 1000 },
    ...found,
  };
}
