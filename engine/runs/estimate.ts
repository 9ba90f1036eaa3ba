import type { DistillConfig } from '../config/config';
import type { Estimate } from '../contract/estimate';
import type { RunPlan } from '../contract/plan';
import { planOf } from '../method/stages';
import { openDevice } from '../runtime/device';
import type { Device } from '../runtime/runtime';
import { PreparedCohort } from './prepared-cohort';
import { plannedRun } from './plan-run';
import { isBeside } from './reuse';
import { RunFolder } from './run-folder';
import { StageCosts } from './stage-costs';

/**
 * What a run of a config would take on this machine, its preparation included, without starting one: some of its cases are prepared (and
 * stay in the cache), a few steps of each stage timed. Stages whose weights lie in its folder, or in one beside it, take nothing.
 * `seconds`: what it is to fit into, see `plannedRun`.
 */
export async function estimateRun(
  config: DistillConfig,
  o: { seconds?: number; stopIfAsked?: () => void } = {},
): Promise<{ estimate: Estimate; plan: RunPlan; device: Device }> {
  const { seconds = null, stopIfAsked = () => {} } = o;
  const { sample, secondsToPrepare } = await PreparedCohort.sample(config, stopIfAsked);
  const device = await openDevice(config.device, config.threads);
  const costs = new StageCosts({ config, cohort: sample, device, stopIfAsked });
  const folder = new RunFolder(config.output.folder);
  const planned = await plannedRun(
    config,
    sample.cohort,
    costs,
    async ({ name, steps, weights }, hash) => {
      if (weights !== undefined) return 0;
      const isThere =
        (await folder.readWeightsOf(name, hash, new Map())) !== null ||
        (await isBeside(folder, name, hash));
      return isThere ? 0 : steps;
    },
    seconds === null ? null : () => seconds - secondsToPrepare,
  );
  const { stages, ...estimate } = planned.estimate!;
  const prepare = {
    stage: 'prepare',
    steps: 0,
    left: 0,
    secondsPerStep: null,
    seconds: secondsToPrepare,
    memory: null,
  };
  return {
    estimate: { ...estimate, stages: [prepare, ...stages] },
    plan: planOf(planned.config),
    device,
  };
}
