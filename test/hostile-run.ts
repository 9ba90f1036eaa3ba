/** A run's folder as somebody with bad intentions could send it: for every view, message and report. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { madeReport } from './engine/presentation/made-report';
import { madeRun } from './engine/presentation/run-events';

/** An address that nothing may ask for. */
export const intruder = 'intruder.example';
const address = `https://${intruder}`;

/** Texts that are more than text where they are not taken for it, by what they are. */
export const hostileTexts: Readonly<Record<string, string>> = {
  picture: `![x](${address}/a.png)`,
  'a picture by reference': `![x][y] [y]: ${address}/b.png`,
  link: `[see here](${address}/c "title")`,
  'a command': '[free space](command:workbench.action.closeAllEditors?%5B%5D)',
  'an address': `${address}/d and www.${intruder} and me@${intruder}`,
  'an address in brackets': `<${address}/e>`,
  'an icon': '$(flame) $(sync~spin)',
  'an image': `<img src=${address}/f onerror=alert(1)>`,
  'a script': `</script></title><script>fetch('${address}/g')</script>`,
  entities: '&lt;b&gt; &#60;i&#62; &amp;',
  'colours and titles of a terminal': '\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J',
  'a link of a terminal': `\x1b]8;;${address}/h\x1b\\text\x1b]8;;\x1b\\`,
  'the other direction': 'abc\u202egnp.exe\u202c \u2066x\u2069',
  'a formula': '=HYPERLINK("https://intruder.example/i")',
  'another formula': "@SUM(1+1)*cmd|' /C calc'!A0",
  'a formula behind a tab': '\t=1+1',
  'a formula behind a space': ' +1+1',
  'many lines': 'first\nsecond\r\n# third\n\n---\n> fourth\n* fifth',
  'a heading': '# heading',
  'a list': '- item',
  'a numbered list': '1. item',
  'a rule': '---',
  'code and emphasis': '`code` **bold** _it_ __b__ ~~s~~ | cell |',
  'a fence': '```html\n<b>\n```',
  'half a character': 'a\ud800b\udc00',
  'the end of a text': 'a\0b\x08\x7f',
  'a very long text': `${'long '.repeat(8_000)}end`,
};

/** All of them in one name. */
export const hostileName = Object.values(hostileTexts).join(' ');

/** Everywhere in a value, texts and keys that are to be renamed with what they become. */
function renamed(value: unknown, names: ReadonlyMap<string, string>): unknown {
  const of = (text: string) => names.get(text) ?? text;
  if (typeof value === 'string') return of(value);
  if (Array.isArray(value)) return value.map((item) => renamed(item, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [of(key), renamed(item, names)]),
  );
}

/** What a hostile run's things are called: as before, with `text` behind it. */
const namesWith = (text: string) =>
  new Map(
    [
      ...['ct', 'mr', 'ct1', 'mr1', 'mr2', 'liver', 'A processor', '0.1.0'],
      ...['Student, distilled', 'Teacher', 'Distillation', 'Cross-entropy', 'Soft Dice'],
    ].map((name) => [name, `${name} ${text}`]),
  );

/**
 * Writes a hostile run into `folder`: `text` in every name of it, links that lead to `outside` (a folder with a file `secret.json` and
 * `secret.png`), files that claim to be huge, pipes and devices where files are expected, and the process `pid` as its own.
 */
export function makeHostileRun(
  folder: string,
  outside: string,
  {
    text = hostileName,
    state = 'failed',
    pid = 1,
  }: { text?: string; state?: string; pid?: number } = {},
): void {
  const names = namesWith(text);
  mkdirSync(join(folder, 'graphs'), { recursive: true });
  const { events, graphs } = madeRun({ steps: 40, every: 10 });
  const write = (name: string, value: unknown) =>
    writeFileSync(join(folder, name), JSON.stringify(renamed(value, names)));
  write('run.json', {
    meddistill: '0.1.0',
    state,
    error: text,
    config: `/demo/${text}.distill.jsonc`,
    variables: { data: text },
    seed: 3,
    started: new Date().toISOString(),
    pid,
    device: { name: 'cpu', description: 'A processor', threads: 2 },
    versions: { [text]: text },
    plan: events[0].type === 'run' ? events[0].plan : null,
    stages: {},
  });
  writeFileSync(
    join(folder, 'config.distill.jsonc'),
    `{ "classes": [${JSON.stringify(text)}] } // </pre>\n\`\`\`\n${text}`,
  );
  const log = [
    ...events,
    { time: events[0].time, type: 'log', level: 'error', message: text },
    { time: events[0].time, type: 'log', level: 'warning', message: text },
  ];
  writeFileSync(
    join(folder, 'metrics.jsonl'),
    log.map((event) => `${JSON.stringify(renamed(event, names))}\n`).join(''),
  );
  writeFileSync(join(folder, 'engine.log'), `${text}\n`);
  for (const [file, snapshot] of Object.entries(graphs)) write(file, snapshot);

  const report = madeReport({
    ct: { role: 'source', teacher: [2], warmup: [10], control: [9], gkd: [10] },
    mr: { role: 'target', teacher: [20, 24], warmup: [60, 50], control: [58, 50], gkd: [40, 45] },
  });
  const none = { labels: [], masks: [] };
  report.domains['mr'].files = {
    mr1: { images: ['pipe.png'], ...none },
    mr2: { images: ['/dev/zero'], ...none },
    link: { images: ['link.png'], ...none },
    above: { images: ['../outside/secret.png'], ...none },
    share: { images: [`\\\\${intruder}\\share\\a.png`], ...none },
    'share with slashes': { images: [`//${intruder}/share/a.png`], ...none },
    process: { images: ['/proc/self/environ'], ...none },
  };
  write('report.json', report);

  symlinkSync(join(outside, 'secret.png'), join(folder, 'link.png'));
  spawnSync('mkfifo', [join(folder, 'pipe.png')]);
  mkdirSync(join(folder, 'weights'));
  spawnSync('mkfifo', [join(folder, 'weights', 'teacher.safetensors')]);
  const claim = Buffer.alloc(16);
  claim.writeBigUInt64LE(2n ** 60n);
  writeFileSync(join(folder, 'weights', 'warmup.safetensors'), claim);
  symlinkSync(join(outside, 'secret.json'), join(folder, 'weights', 'control.safetensors'));
  // Sparse: it takes no room on the disk.
  writeFileSync(join(folder, 'student.onnx'), '');
  truncateSync(join(folder, 'student.onnx'), 5e9);
}
