import type { Report } from '../contract/report';
import { metricNames } from '../metrics/catalogue';
import { csvField } from './table';

/** Every metric of every case as CSV, one row for each domain, network, case and class. */
export function casesCsv(report: Report): string {
  const lines = [['domain', 'role', 'network', 'case', 'class', 'presence', ...metricNames]];
  for (const [domain, { role, networks }] of Object.entries(report.domains))
    for (const { name: network } of report.networks)
      for (const { id, classes } of networks[network]?.cases ?? [])
        for (const [name, metrics] of Object.entries(classes))
          lines.push([
            domain,
            role,
            network,
            id,
            name,
            metrics.presence,
            ...metricNames.map((metric) => String(metrics[metric] ?? '')),
          ]);
  return lines.map((line) => `${line.map(csvField).join(',')}\n`).join('');
}
