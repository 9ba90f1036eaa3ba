import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { writePhantoms } from './phantom';
import { writeWhole } from '../files';

/** The demo's config: small networks on small images, so that two cores train them in minutes. */
export const demoConfig = `{
  // Synthetic abdomens: the liver in CT volumes to learn from, in MR volumes to be judged on.
  "classes": ["liver"],
  "domains": {
    "ct": {
      "role": "source",
      "images": "ct/images/{case}.nii.gz",
      "labels": "ct/labels/{case}.nii.gz",
      "intensity": { "window": [-160, 240] }
    },
    "mr": {
      "role": "target",
      "images": "mr/images/{case}.nii.gz",
      "labels": "mr/labels/{case}.nii.gz",
      "intensity": { "normalize": "percentile" }
    }
  },
  "input": { "size": 64 },
  "teacher": { "network": "unet", "width": 16, "depth": 3 },
  "student": { "network": "mobilenetv2-unet", "width": 0.25 },
  "method": { "psae": { "channels": 64 }, "fsd": { "dims": 16 } },
  "training": {
    "batchSize": 8,
    "evaluateEvery": 50,
    "checkpointEvery": 50,
    "stages": {
      "teacher": { "steps": 200 },
      "warmup": { "steps": 200 },
      "psae": { "steps": 60 },
      "act": { "steps": 60 },
      "distill": { "steps": 200, "batchSize": 4 }
    }
  }
}
`;

/** Writes the demo's cohort and config into a folder, where they are not there yet; returns the config's path. */
export async function writeDemo(folder: string): Promise<string> {
  const root = resolve(folder);
  const config = join(root, 'demo.distill.jsonc');
  if (!existsSync(join(root, 'mr', 'labels'))) await writePhantoms(root, 1);
  if (!existsSync(config)) await writeWhole(config, demoConfig);
  return config;
}
