import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '../../../engine/config/load';
import { prepareCase } from '../../../engine/preparation/prepare';
import { writePrediction } from '../../../engine/preparation/write-prediction';
import { caseMetrics } from '../../../engine/metrics/case';
import type { Report } from '../../../engine/contract/report';
import { networkNames } from './networks';

const shifts: Record<string, number> = { teacher: 1, warmup: 9, control: 6, student: 3 };

/**
 * A run on real images in `data`, whose networks segment as the reference has it, only shifted: a CT as DICOM slices with pictures
 * as labels (domain `ct`, case `chaos`), and a fundus photograph (domain `fundus`, case `drive`). Returns the run's folder.
 */
export async function makeRealRun(folder: string, data: string): Promise<string> {
  const run = join(folder, 'real');
  const file = join(folder, 'real.distill.jsonc');
  const text = JSON.stringify({
    classes: ['structure'],
    domains: {
      ct: {
        role: 'source',
        images: 'ct/{case}',
        labels: 'labels/{case}',
        values: { structure: { above: 0 } },
        intensity: { window: [-160, 240] },
      },
      fundus: {
        role: 'target',
        images: 'fundus/{case}.tif',
        labels: 'fundus/{case}.gif',
        values: { structure: { above: 127 } },
        channel: 'green',
        intensity: { normalize: 'zscore' },
      },
    },
    input: { size: 64 },
    teacher: { network: 'unet' },
    student: { network: 'unet' },
  });
  await mkdir(run, { recursive: true });
  await writeFile(join(run, 'config.distill.jsonc'), text);
  await writeFile(
    join(run, 'run.json'),
    JSON.stringify({
      meddistill: '0',
      started: '2026-11-20T08:00:00.000Z',
      state: 'finished',
      config: file,
      variables: {},
      seed: 1,
      stages: {},
    }),
  );
  const config = loadConfig(file, {}, text);
  const domains: Report['domains'] = {};
  for (const [domain, id, images, labels] of [
    ['ct', 'chaos', 'liver/CHAOS-CT/DICOM_anon', 'liver/CHAOS-CT/Ground'],
    [
      'fundus',
      'drive',
      'retina/DRIVE/test/images/01_test.tif',
      'retina/DRIVE/test/1st_manual/01_manual1.gif',
    ],
  ] as const) {
    const files = { images: [join(data, images)], labels: [join(data, labels)], masks: [] };
    const { native, geometry } = await prepareCase(config, {
      domain,
      id,
      subject: id,
      split: 'test',
      ...files,
    });
    const reference = native.label!;
    const networks = {} as Report['domains'][string]['networks'];
    for (const network of networkNames) {
      const by = shifts[network];
      const prediction = reference.map((_, n) =>
        n % native.columns >= by ? reference[n - by] : 0,
      );
      await writePrediction(geometry, prediction, join(run, 'predictions', domain, network));
      const classes = caseMetrics({
        prediction,
        reference,
        fov: null,
        classes: config.classes,
      });
      networks[network] = {
        threshold: 'argmax',
        classes: {},
        cases: [{ id, classes }],
      } as unknown as Report['domains'][string]['networks'][string];
    }
    domains[domain] = {
      role: config.domains[domain].role,
      cases: 1,
      fov: 'none',
      networks,
      files: { [id]: files },
    } as unknown as Report['domains'][string];
  }
  const report = { meddistill: '0', classes: config.classes, domains };
  await writeFile(join(run, 'report.json'), JSON.stringify(report));
  return run;
}
