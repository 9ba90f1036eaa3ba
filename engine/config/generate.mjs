// Writes file.ts, the type of a config file as its schema describes it. Run by `npm run schema`.
import { readFile, writeFile } from 'node:fs/promises';
import { compile } from 'json-schema-to-typescript';
import { format } from 'prettier';

const here = new URL('.', import.meta.url);
const schema = JSON.parse(await readFile(new URL('distill.schema.json', here), 'utf8'));
// The one-line description is the schema's; the editor shows it from there.
const source = await compile(schema, 'Distillation', {
  bannerComment:
    '/** The type of a `*.distill.jsonc` file, made from distill.schema.json by `npm run schema`. */',
  format: false,
});
const text = await format(source, {
  parser: 'typescript',
  printWidth: 100,
  singleQuote: true,
  trailingComma: 'all',
});
if (process.argv.includes('--check')) {
  if ((await readFile(new URL('file.ts', here), 'utf8')) !== text) {
    console.error('engine/config/file.ts is older than distill.schema.json: run npm run schema');
    process.exit(1);
  }
} else await writeFile(new URL('file.ts', here), text);
