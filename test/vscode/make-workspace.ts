/** Writes the workspace of the tests: phantoms of two domains, a config that takes seconds, and one with faults. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePhantoms } from '../../engine/demo/phantom';

const folder = process.argv[2];

const config = (steps: number, more = ''): string => `{
  // A source and a target.
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
      "maxCases": 2
    }
  },
  "input": { "size": 32 },
  "teacher": { "network": "unet", "width": 4, "depth": 2 },
  "student": { "network": "mobilenetv2-unet", "width": 0.1 },
  "method": { "psae": { "channels": 16 }, "fsd": { "dims": 4 } },
  "training": {
    "batchSize": 4,
    "evaluateEvery": 0,
    "checkpointEvery": 5,
    "stages": {
      "teacher": { "steps": ${steps} },
      "warmup": { "steps": ${steps} },
      "psae": { "steps": ${steps} },
      "act": { "steps": ${steps} },
      "distill": { "steps": ${steps} }
    }
  }${more}
}
`;

async function main(): Promise<void> {
  await writePhantoms(folder, 1);
  writeFileSync(join(folder, 'tiny.distill.jsonc'), config(10));
  // Of another seed, so that no stage is taken from a run of the first.
  writeFileSync(
    join(folder, 'palette.distill.jsonc'),
    config(10).replace('"batchSize"', '"seed": 5,\n    "batchSize"'),
  );
  writeFileSync(join(folder, 'long.distill.jsonc'), config(20_000));
  writeFileSync(
    join(folder, 'broken.distill.jsonc'),
    config(10).replace('"unet"', '"resnet"').replace('"role": "target"', '"role": "goal"'),
  );
}

void main();
