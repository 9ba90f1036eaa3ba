// Who may import whom, types included. `npx depcruise engine extension webviews` tells what breaks it; test/layers.test.ts holds the code to it.

/**
 * The engine's rooms and single files from the bottom up: each may import itself and what stands in a line above its own; those of one
 * line do not know each other. What is new gets its place here.
 */
const order = [
  ['contract'],
  [
    'channel',
    'errors',
    'jsonc',
    'linear-regexp',
    'lists',
    'names',
    'options',
    'parent',
    'random',
    'version',
  ],
  ['files'],
  ['weights'],
  ['graph', 'images', 'metrics'],
  ['cohort', 'networks', 'presentation', 'runtime'],
  ['preparation'],
  ['batches'],
  ['demo', 'training'],
  ['method'],
  ['evaluation'],
  ['config'],
  ['runs', 'survey'],
  ['report', 'viewer'],
  ['cli', 'server'],
];

/** What a config says is put together from the options of all rooms, and these are handed that whole: they know its type, nothing more. */
const config = '^engine/config/config\\.ts$';
const knowConfig = ['cohort', 'preparation', 'batches', 'training', 'evaluation'];

/** What runs in a page too. It imports nothing else of this repository and nothing of Node, so that nothing else can be reached. */
const pageSafe = [
  '^engine/(contract|metrics|presentation)/',
  '^engine/(channel|errors|jsonc|random)\\.ts$',
  '^engine/viewer/places\\.ts$',
];

/** Operators whose gradients need each other: what a file of a circle imports may be in the same one only. */
const operators = '^engine/graph/(operators/)?';
const circles = ['(elementwise|reduction|shape)', '(pooling|resize)'];
const circle = (names) => `${operators}${names}\\.ts$`;

const node = { dependencyTypes: ['core'] };
const npm = 'node_modules/';
const editor = '(^|/)(@types/)?vscode(/|$)';
const room = (names) => `^engine/(${names.join('|')})(/|\\.ts$)`;
const rule = (name, from, to, comment) => ({ name, severity: 'error', comment, from, to });

module.exports = {
  forbidden: [
    rule(
      'no-circles',
      {},
      { circular: true, via: { pathNot: circle(`(${circles.join('|')})`) } },
      'Files that need each other are one file, or what both need is a third. Declared: operators whose gradients need each other.',
    ),
    rule(
      'circles-apart',
      { path: circle(circles[0]) },
      { path: circle(circles[1]) },
      'The two declared circles are not to become one.',
    ),
    rule(
      'contract-alone',
      { path: '^engine/contract/' },
      { pathNot: '^engine/contract/' },
      'The contract imports nothing outside itself.',
    ),
    rule(
      'contract-types',
      { pathNot: '^engine/contract/' },
      { path: '^engine/contract/', dependencyTypesNot: ['type-only'] },
      'The contract is types only.',
    ),
    rule(
      'engine-apart',
      { path: '^engine/' },
      { path: ['^(extension|webviews)/', editor] },
      'The engine knows neither the extension nor a page nor VS Code.',
    ),
    rule(
      'extension-no-page',
      { path: '^extension/' },
      { path: '^webviews/' },
      'The extension speaks with pages through engine/channel.ts and the contract.',
    ),
    rule(
      'page-imports',
      { path: '^webviews/' },
      { path: ['^(engine|extension)/', editor], pathNot: pageSafe },
      'Pages know themselves, and of the engine what runs in a page.',
    ),
    rule(
      'page-safe',
      { path: pageSafe },
      { pathNot: [...pageSafe, npm] },
      'What runs in a page imports only what does too.',
    ),
    rule('page-without-node', { path: ['^webviews/', ...pageSafe] }, node, 'A page has no Node.'),
    ...order.map((names, n) =>
      rule(
        `order-${names.join('-')}`,
        { path: room(names) },
        {
          path: '^engine/',
          // $1: the room of the importing file itself.
          pathNot: [
            '^engine/$1(/|\\.ts$)',
            ...order.slice(0, n).map(room),
            ...(names.some((name) => knowConfig.includes(name)) ? [config] : []),
          ],
        },
        'A room imports only what stands above it in the order.',
      ),
    ),
    rule(
      'config-types',
      { path: room(knowConfig) },
      { path: config, dependencyTypesNot: ['type-only'] },
      'Below the config only its type is known.',
    ),
    rule(
      'order-listed',
      { path: '^engine/', pathNot: room(order.flat()) },
      {},
      'Every room has its place in the order.',
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
