/** Writes distill.schema.json, from which editors know configs. Run by `npm run schema`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { distillation } from './file';

const file = join(__dirname, 'distill.schema.json');
void format(JSON.stringify(distillation), { parser: 'json', printWidth: 100 }).then((text) =>
  writeFileSync(file, text),
);
