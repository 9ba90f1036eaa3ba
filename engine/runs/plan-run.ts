import type { Cohort } from '../cohort/cohort';
import type { DistillConfig, StageName } from '../config/config';
import type { Estimate } from '../contract/estimate';
import { ConfigError } from '../errors';
import { stagesOf } from '../method/stages';
import { formatDuration } from '../presentation/duration';
import { secondsOf } from '../presentation/estimate-table';
import type { Stage } from '../training/stage';
import type { StageCosts, StageLength } from './stage-costs';
import { stageHashes } from './stage-hash';

/** A stage that is made to fit into a time keeps so many steps, where it has them. */
const fewestSteps = 10;
/** Scales are whole percents, so that runs of about the same time on one machine have the same steps, and share what they trained. */
const percent = 100;
/** So much of a given time is planned for. */
const planned = 0.95;

/** The config with all stages at a share of their steps, above 0 and at most 1. */
export function scaledConfig(config: DistillConfig, scale: number): DistillConfig {
  if (scale === 1) return config;
  const { stages } = config.training;
  const scaled = Object.entries(stages).map(([name, stage]) => {
    const steps = Math.max(Math.min(stage.steps, fewestSteps), Math.round(stage.steps * scale));
    return [name, { ...stage, steps }];
  });
  return {
    ...config,
    training: {
      ...config.training,
      stages: Object.fromEntries(scaled) as Record<StageName, (typeof stages)[StageName]>,
    },
  };
}

/** What a run is going to train, and what that will take. */
export interface PlannedRun {
  config: DistillConfig;
  stages: Stage[];
  /** Of each stage by its name. */
  hashes: Map<string, string>;
  /** Null where nothing was timed. */
  estimate: Estimate | null;
}

/** The stages of a config and their hashes, as they are without an estimate. */
export async function unplannedRun(config: DistillConfig, cohort: Cohort): Promise<PlannedRun> {
  const stages = stagesOf(config);
  return { config, stages, hashes: await stageHashes(config, cohort, stages), estimate: null };
}

/**
 * What a run of a config will take, with all stages shortened by one factor where that is needed to fit into `available` seconds (null: as
 * long as they are), which are asked for when all is timed. `left` says how many steps of a stage are not done yet. @throws ConfigError where not even the shortest run fits
 */
export async function plannedRun(
  config: DistillConfig,
  cohort: Cohort,
  costs: StageCosts,
  left: (stage: Stage, hash: string) => Promise<number>,
  available: (() => number) | null = null,
): Promise<PlannedRun> {
  const at = async (scale: number): Promise<PlannedRun & { estimate: Estimate }> => {
    const run = await unplannedRun(scaledConfig(config, scale), cohort);
    const lengths: StageLength[] = [];
    for (const stage of run.stages)
      lengths.push({
        stage: stage.name,
        steps: stage.steps,
        left: await left(stage, run.hashes.get(stage.name)!),
      });
    await costs.measure(run.stages.filter((_, i) => lengths[i].left > 0));
    return { ...run, estimate: costs.estimate(run.stages, lengths, scale) };
  };
  const whole = await at(1);
  if (available === null || secondsOf(whole.estimate) <= available()) return whole;
  await costs.measure(whole.stages.filter(({ weights }) => weights === undefined));
  const seconds = available();
  // What is done already was done at another length, and counts as not done.
  const secondsAt = (scale: number) => {
    const { stages } = scaledConfig(config, scale).training;
    const lengths = stagesOf({ ...config, training: { ...config.training, stages } }).map(
      ({ name, steps, weights }) => ({
        stage: name,
        steps,
        left: weights === undefined ? steps : 0,
      }),
    );
    return secondsOf(costs.estimate(whole.stages, lengths, scale));
  };
  for (let part = percent - 1; part > 0; part--)
    if (secondsAt(part / percent) <= planned * seconds) return at(part / percent);
  const least = secondsAt(1 / percent) / planned;
  throw new ConfigError(
    `The run does not fit into ${formatDuration(Math.max(0, seconds))}: also with 1% of its steps (no stage below ${fewestSteps}) it takes about ${formatDuration(least)} on this device; give more time, or choose a smaller input.size or smaller networks.`,
  );
}
