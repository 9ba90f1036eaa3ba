import type { ReportedRun } from './reported-run';
import { formatDuration } from '../presentation/duration';
import { stageTitle } from '../presentation/networks';

/** Where a run's numbers come from: what a reader needs to make them again. */
export function runFacts({
  record,
  report,
  history,
}: ReportedRun): [name: string, value: string][] {
  const seconds = Object.entries(report?.seconds ?? {});
  return [
    ['State', record.state + (record.error ? `: ${record.error}` : '')],
    ['Started', record.started],
    ...(record.ended ? [['Ended', record.ended] as [string, string]] : []),
    ['Seed', String(record.seed ?? 'unknown')],
    [
      'Device',
      record.device
        ? `${record.device.name} (${record.device.description}), ${record.device.threads} threads`
        : 'unknown',
    ],
    ...history.cohorts.map((c): [string, string] => [
      `Domain ${c.domain}`,
      `${c.role}, ${c.cases} cases, ${c.slices} slices`,
    ]),
    ...(seconds.length
      ? [
          [
            'Time',
            seconds
              .map(([stage, s]) => `${stageTitle(record.plan, stage)} ${formatDuration(s)}`)
              .join(', '),
          ] as [string, string],
        ]
      : []),
    [
      'Versions',
      [
        `MedDistill ${record.meddistill}`,
        ...Object.entries(record.versions).map(([name, version]) => `${name} ${version}`),
      ].join(', '),
    ],
    ['Config', record.config],
  ];
}
