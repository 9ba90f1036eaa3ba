/**
 * Writes what is made from the engine's catalogues: the schema by which editors know configs, and the devices and colours that
 * package.json contributes. Run by `npm run generate`; `made` is for the test that says when they are stale.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { distillation } from '../engine/config/file';
import { networkColorId, networkColors } from '../engine/presentation/palette';
import { deviceTitles } from '../engine/runtime/catalogue';

const root = join(__dirname, '..');

interface Manifest {
  contributes: {
    configuration: { properties: Record<string, Record<string, unknown>> };
    colors: { id: string; description: string; defaults: Record<string, string> }[];
  };
}

/** The devices as the editor's setting offers them, and first: as each config says. */
const deviceSetting = {
  enum: ['config', ...Object.keys(deviceTitles)],
  enumDescriptions: ['As each config says.', ...Object.values(deviceTitles)],
};

const ordinals = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth'];

const networkColorContributions = networkColors.map(({ light, dark }, index) => ({
  id: networkColorId(index),
  description: `Colour of the ${ordinals[index]} network of a run in charts${index === 0 ? ', its teacher' : ''}.`,
  defaults: { light, dark, highContrast: dark, highContrastLight: light },
}));

/** The manifest with the parts that follow from catalogues as they are now. */
function manifest(text: string): string {
  const whole = JSON.parse(text) as Manifest;
  const { configuration, colors } = whole.contributes;
  Object.assign(configuration.properties['meddistill.device'], deviceSetting);
  const own = networkColorId(0).replace(/\d+$/, '');
  whole.contributes.colors = [
    ...networkColorContributions,
    ...colors.filter(({ id }) => !id.startsWith(own)),
  ];
  return JSON.stringify(whole, null, 2);
}

/** The files that are made, as they should be, by their paths from the root of the checkout. */
export async function made(): Promise<Record<string, string>> {
  const json = (text: string) => format(text, { parser: 'json', printWidth: 100 });
  return {
    'engine/config/distill.schema.json': await json(JSON.stringify(distillation)),
    'package.json': await format(manifest(readFileSync(join(root, 'package.json'), 'utf8')), {
      parser: 'json-stringify',
    }),
  };
}

if (require.main === module)
  void made().then((files) => {
    for (const [file, text] of Object.entries(files)) writeFileSync(join(root, file), text);
  });
