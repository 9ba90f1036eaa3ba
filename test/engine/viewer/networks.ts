import { oldPlan } from '../../../engine/presentation/old-runs';

/** Networks of the runs made here, which are of a version that did not write down what a run trains. */
export const networkNames = oldPlan.networks.map(({ name }) => name);
