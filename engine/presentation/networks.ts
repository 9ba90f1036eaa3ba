import type { NetworkInfo, NetworkRole, RunPlan } from '../contract/plan';

/** The networks of a role, in the order in which they are shown. */
export const ofRole = (networks: readonly NetworkInfo[], role: NetworkRole): NetworkInfo[] =>
  networks.filter((network) => network.role === role);

/** The distilled students. */
export const studentsOf = (networks: readonly NetworkInfo[]): NetworkInfo[] =>
  ofRole(networks, 'student');

/** Undistilled students, the one trained alone first. */
export const baselinesOf = (networks: readonly NetworkInfo[]): NetworkInfo[] =>
  ofRole(networks, 'baseline');

/** Which of the config's two networks it is: all students are of one kind. */
export const kindOf = ({ role }: NetworkInfo): 'teacher' | 'student' =>
  role === 'teacher' ? 'teacher' : 'student';

/** What a network is called; its own name where the plan does not know it. */
export const networkTitle = ({ networks }: RunPlan, name: string): string =>
  networks.find((network) => network.name === name)?.title ?? name;

/** What the last stage is called, in which every network is judged on every domain. */
const evaluation = 'Evaluation';

/** What a stage is called; its own name where the plan does not know it. */
export const stageTitle = ({ stages }: RunPlan, name: string): string =>
  stages.find((stage) => stage.name === name)?.title ?? (name === 'evaluate' ? evaluation : name);

/** Names of the stages in the order in which they run, the evaluation last. */
export const stageNames = ({ stages }: RunPlan): string[] => [
  ...stages.map(({ name }) => name),
  'evaluate',
];

/** A title within a sentence: its first letter small, unless it is part of an abbreviation. */
export const withinSentence = (title: string): string =>
  /^[A-Z][a-z]/.test(title) ? title[0].toLowerCase() + title.slice(1) : title;
