import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { basename, join, resolve } from 'node:path';
import type { DeviceName } from '../config/config';
import { loadConfig, readConfigText, type LoadOptions } from '../config/load';
import type { Inspection, ReadChoice } from '../images/format';
import { inspect } from '../images/inspect';
import { writeDemo } from '../demo/demo';
import { ConfigError, onOneLine, UserError } from '../errors';
import { score } from '../evaluation/score';
import { endWithParent } from '../parent';
import { cudaCommand } from './cuda';
import { Progress } from './progress';
import { writeReport } from '../report/run-report';
import { readComparison, writeComparisonReports } from '../report/comparison-report';
import { parseMethods, runComparison } from '../runs/comparison';
import { estimateRun } from '../runs/estimate';
import { evaluateRun, openRun, predict, writeEvaluation } from '../runs/finished-run';
import { runDistillation } from '../runs/run';
import { tryTeacher } from '../runs/try-teacher';
import { parseSeeds } from '../runs/seeds';
import { RunFolder } from '../runs/run-folder';
import type { DeviceCheck } from '../contract/devices';
import type { MachineEstimate } from '../contract/estimate';
import { devicesNote, devicesTable } from '../presentation/devices-table';
import { durationExamples, parseDuration } from '../presentation/duration';
import { deviceNote, estimateNote, estimateTable } from '../presentation/estimate-table';
import { tableText } from '../presentation/table';
import { folderVariable } from '../runtime/tensorflow/package';
import { deviceNames } from '../runtime/catalogue';
import { checkDevices } from '../training/check-devices';
import { printableJson, withoutControls } from '../presentation/plain-text';
import { formatComparison, formatReport, formatSeeds } from '../presentation/terminal';
import { version } from '../version';

/** Exit codes: it worked; it failed; the command line or the config is wrong. */
const [success, failure, usage] = [0, 1, 2];

// As a helper of the editor it has nobody to work for without it.
const parent = Number(process.env['MEDDISTILL_PARENT']);
if (parent > 0) endWithParent(parent);

const program = new Command('meddistill')
  .description(
    'Distill a large medical image segmentation network into a small one that still works on scanners and sites it never saw.',
  )
  .version(version)
  .option('--verbose', 'show the details of a failure')
  .exitOverride()
  .showHelpAfterError('(meddistill --help lists the commands)');

const wholeNumber = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It is a whole number.');
  return Number(text);
};
/** An option's value that has a parser of its own. */
const orRefused =
  <T>(parse: (text: string) => T) =>
  (text: string): T => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
  };
const spacingOf = (text: string): [number, number, number] => {
  const numbers = text.split(',').map(Number);
  if (numbers.length !== 3 || !numbers.every((n) => n > 0))
    throw new InvalidArgumentError('It is three numbers of mm, as in 0.7,0.7,3.2.');
  return numbers as [number, number, number];
};
const duration = (text: string): number => {
  const seconds = parseDuration(text);
  if (seconds === null) throw new InvalidArgumentError(`It is a time, as in ${durationExamples}.`);
  return seconds;
};
const assignment = (text: string, all: Record<string, string>): Record<string, string> => {
  const [, name, value] = /^(\w+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('It is NAME=VALUE.');
  return { ...all, [name]: value };
};
const deviceOption = new Option('--device <device>', 'where to compute').choices(deviceNames);
const seriesOption = new Option(
  '--series <name>',
  'of several DICOM series in a folder: the number, the description or the UID of the one to read',
);
const imageFrameOption = new Option(
  '--frame <n>',
  'of several images at each position: which one, from 0',
).argParser(wholeNumber);
/** Of an image's frames: one by its number, or all of them as classes. */
const frameOf = (text: string): number | 'one-hot' => {
  if (text === 'one-hot') return text;
  if (!/^\d+$/.test(text))
    throw new InvalidArgumentError('It is a whole number from 0, or one-hot.');
  return Number(text);
};
/** Prints for the person, and complains apart from that: names of others control no terminal. */
const print = (text: string): void => void process.stdout.write(withoutControls(text));
const complain = (text: string): void => void process.stderr.write(withoutControls(text));
const warn = (sentences: readonly string[]): void => {
  for (const sentence of sentences) complain(`Warning: ${onOneLine(sentence)}\n`);
};
/** Prints for other programs. */
const jsonLine = (value: unknown): void => {
  process.stdout.write(`${printableJson(value)}\n`);
};

/** A run goes on without anybody who reads what it says. */
const output = { mayFail: false };

/** Whoever reads the output may stop to, and a file that takes it may be on a full disk. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (output.mayFail || error.code === 'EPIPE' || process.exitCode === failure) return;
  process.exitCode = failure;
  complain(`The output cannot be written (${error.message}).\n`);
});
process.stderr.on('error', () => {});

// Who asks for TensorFlow here may have it in the folder that he works in. What a config or a run says brings no code from there.
program.hook('preAction', (_, command) => {
  if (command.opts<{ device?: DeviceName }>().device === 'tensorflow')
    process.env[folderVariable] ||= process.cwd();
});
/** Warns of each sentence, and collects it for the report as JSON. */
const warnedInto =
  (warnings: string[]) =>
  (sentence: string): void => {
    warnings.push(sentence);
    warn([sentence]);
  };
const timeOption = `as ${durationExamples}: shortens all stages by one factor where the run would take longer`;

interface RunFlags {
  out?: string;
  resume?: boolean;
  seed?: number;
  device?: DeviceName;
  threads?: number;
  set: Record<string, string>;
  time?: number;
  estimate?: boolean;
  json?: boolean;
}

program
  .command('run')
  .alias('distill')
  .description('train, distill and evaluate as a config says')
  .argument('<config>', 'a *.distill.jsonc file')
  .option('--out <folder>', "the run's folder (default: the config's output.folder)")
  .option('--resume', 'go on with a stage that was stopped')
  .option('--seed <n>', "overrules the config's seed", wholeNumber)
  .addOption(deviceOption)
  .option('--threads <n>', 'threads of the processor; 0: one per core', wholeNumber)
  .option('--set <name=value>', 'a value of ${name} in the config', assignment, {})
  .option('--time <duration>', timeOption, duration)
  .option('--estimate', 'time a few steps of each stage first, and say what the run will take')
  .option('--json', "print the engine's events as JSON lines")
  .action((config: string, flags: RunFlags) => run(config, flags));

program
  .command('estimate')
  .description('what a run would take on this machine: steps, time and memory of each stage')
  .argument('<config>', 'a *.distill.jsonc file')
  .option(
    '--out <folder>',
    "the run's folder, whose finished stages take nothing (default: the config's output.folder)",
  )
  .option('--seed <n>', "overrules the config's seed", wholeNumber)
  .addOption(deviceOption)
  .option('--threads <n>', 'threads of the processor; 0: one per core', wholeNumber)
  .option('--set <name=value>', 'a value of ${name} in the config', assignment, {})
  .option('--time <duration>', timeOption, duration)
  .option('--json', 'print JSON')
  .action(async (file: string, { json, set: variables, time, ...flags }: RunFlags) => {
    const config = loadConfig(file, { variables, ...flags });
    const { estimate, plan, device } = await estimateRun(config, { seconds: time });
    if (json) return jsonLine({ ...estimate, plan, device } satisfies MachineEstimate);
    print(`${tableText(estimateTable(estimate, plan))}\n`);
    print(`${estimateNote(estimate)} ${deviceNote(device)}\n`);
  });

async function run(file: string, flags: RunFlags): Promise<void> {
  const { json, resume = false, set: variables, out, seed, device, threads, time } = flags;
  const { estimate = false } = flags;
  const options: LoadOptions = { variables, out, seed, device, threads };
  const text = readConfigText(file);
  const config = loadConfig(file, options, text);
  const signal = stopSignal();
  output.mayFail = true;
  const progress = new Progress(process.stdout);
  const outcome = await runDistillation({
    config,
    text,
    variables,
    estimate,
    time,
    resume,
    signal,
    onEvent: (event) => (json ? jsonLine(event) : progress.show(event)),
  }).finally(() => progress.end());
  if (outcome.report && !json)
    print(`\n${formatReport(outcome.report)}\n\nResults: ${outcome.folder}\n`);
  if (outcome.state !== 'cancelled') return;
  // Work that could not be waited for would go on.
  process.stdout.write('', () => process.exit(failure));
}

/** Aborted when the process is asked to end. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  let asked = 0;
  // SIGHUP: its terminal was closed.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      // Asked again, it ends at once; the last checkpoint is whole. A closed terminal may send several signals together.
      if (stop.signal.aborted && Date.now() - asked > togetherMilliseconds) process.exit(failure);
      if (!stop.signal.aborted) asked = Date.now();
      stop.abort();
    });
  return stop.signal;
}

const togetherMilliseconds = 500;

program
  .command('compare')
  .description(
    'run a config with several methods over several seeds, and say what can be said of them; run again, it goes on',
  )
  .argument('<config>', 'a *.distill.jsonc file')
  .option(
    '--methods <list>',
    "names with commas between them, or a list as in a config (default: the config's methods)",
    orRefused(parseMethods),
  )
  .option('--seeds <list>', 'as in 3, 0,2,5 or 0..4', orRefused(parseSeeds), parseSeeds('0..4'))
  .option(
    '--out <folder>',
    "the comparison's folder (default: the config's output.folder and -compare)",
  )
  .addOption(deviceOption)
  .option('--threads <n>', 'threads of the processor; 0: one per core', wholeNumber)
  .option('--set <name=value>', 'a value of ${name} in the config', assignment, {})
  .option('--json', "print the engine's events as JSON lines")
  .action((config: string, flags: CompareFlags) => compare(config, flags));

type CompareFlags = Omit<RunFlags, 'resume' | 'seed'> & {
  methods?: ReturnType<typeof parseMethods>;
  seeds: number[];
};

async function compare(file: string, flags: CompareFlags): Promise<void> {
  const { json, methods = null, seeds, out, set: variables, device, threads } = flags;
  output.mayFail = true;
  const progress = new Progress(process.stdout);
  const say = (text: string) => {
    progress.end();
    if (!json) print(`${text}\n`);
  };
  const { state, folder, failures } = await runComparison({
    file,
    methods,
    seeds,
    out,
    load: { variables, device, threads },
    signal: stopSignal(),
    onEvent(event) {
      if (json) jsonLine(event);
      // What goes on with it is this command.
      else if (event.type !== 'cancelled') progress.show(event);
    },
    onSeed: (seed, begun) =>
      say(
        `Seed ${seed}, ${seeds.indexOf(seed) + 1} of ${seeds.length}${begun === 'skipped' ? ', is done already' : ''}`,
      ),
    onFailure: (seed, reason) => complain(`Seed ${seed} failed: ${onOneLine(reason)}\n`),
  }).finally(() => progress.end());
  if (state === 'cancelled') {
    say(`Cancelled; the same command goes on with ${folder}`);
    // Work that could not be waited for would go on.
    process.stdout.write('', () => process.exit(failure));
    return;
  }
  const reported = readComparison(folder, failures);
  const files = await writeComparisonReports(folder, reported);
  if (json) jsonLine({ type: 'comparison', folder, files, ...reported.comparison });
  else print(`\n${formatComparison(reported.comparison)}\n\nResults: ${folder}\n`);
  if (failures.size > 0) process.exitCode = failure;
}

program
  .command('table')
  .description(
    "print a finished run's table; of several, mean and standard deviation over their seeds",
  )
  .argument('<run...>', "runs' folders")
  .action((paths: string[]) => {
    const reports = paths.map((path) => new RunFolder(resolve(path)).readReport());
    const text = reports.length === 1 ? formatReport(reports[0]) : formatSeeds(reports);
    print(`${text}\n`);
  });

program
  .command('report')
  .description(
    'the report of a run, with every table, its charts and its config, or of a comparison',
  )
  .argument('<run>', "a run's folder, or a comparison's")
  .requiredOption('--out <file>', 'an .html, .md, .csv, .tex or .json file')
  .action(async (path: string, { out }: { out: string }) => {
    await writeReport(path, out);
    print(`Report: ${out}\n`);
  });

program
  .command('evaluate')
  .description("evaluate a finished run's networks, also on domains of another config")
  .argument('<run>', "a run's folder")
  .option('--domain <name>', 'this domain only')
  .option('--config <config>', 'a config whose domains are used instead')
  .addOption(deviceOption)
  .option('--set <name=value>', 'a value of ${name} in that config', assignment, {})
  .option('--json', 'print the report as JSON')
  .action(
    async (
      path: string,
      flags: Pick<RunFlags, 'device' | 'set' | 'json'> & { domain?: string; config?: string },
    ) => {
      const finished = openRun(path, flags.device);
      const other =
        flags.config && loadConfig(flags.config, { variables: flags.set, onlyDomains: true });
      const warnings: string[] = [];
      const report = await evaluateRun(finished, {
        other: other || undefined,
        domain: flags.domain,
        onWarning: warnedInto(warnings),
        onNetwork: (network, domain) => {
          if (!flags.json) print(`  ${network} on ${domain}\n`);
        },
      });
      const name = [
        flags.config ? basename(flags.config, '.distill.jsonc') : 'again',
        flags.domain,
      ];
      const written = await writeEvaluation(
        finished,
        name.filter((part) => part !== undefined).join('-'),
        report,
      );
      if (flags.json) jsonLine({ ...report, warnings });
      else print(`\n${formatReport(report)}\n\nReport: ${written}\n`);
    },
  );

program
  .command('try-teacher')
  .description('evaluate a teacher that is trained already, before anything else is')
  .argument('<config>', 'a *.distill.jsonc file')
  .option('--domain <name>', 'this domain only')
  .addOption(deviceOption)
  .option('--threads <n>', 'threads of the processor; 0: one per core', wholeNumber)
  .option('--set <name=value>', 'a value of ${name} in the config', assignment, {})
  .option('--json', 'print the report as JSON')
  .action(
    async (
      file: string,
      { json, set: variables, domain, ...flags }: RunFlags & { domain?: string },
    ) => {
      const config = loadConfig(file, { variables, ...flags });
      const warnings: string[] = [];
      const report = await tryTeacher(config, {
        domain,
        onWarning: warnedInto(warnings),
        onDomain: (name, dice) => {
          if (!json) print(`  ${name}: Dice ${dice === null ? 'undefined' : dice.toFixed(3)}\n`);
        },
      });
      if (json) jsonLine({ ...report, warnings });
      else print(`\n${formatReport(report)}\n`);
    },
  );

program
  .command('predict')
  .description("segment images with a run's network, in the images' own geometry")
  .argument('<run>', "a run's folder")
  .argument('<image...>', 'image files')
  .requiredOption('--out <folder>', 'where the label maps go')
  .option(
    '--network <name>',
    "which network, by its name in the run's table (default: the first distilled student)",
    'student',
  )
  .option('--domain <name>', 'whose preprocessing is used (default: the first source)')
  .addOption(seriesOption)
  .addOption(imageFrameOption)
  .addOption(deviceOption)
  .option('--json', 'print the files and the warnings as JSON')
  .action(
    async (
      path: string,
      images: string[],
      flags: {
        out: string;
        network: string;
        domain?: string;
        series?: string;
        frame?: number;
        device?: DeviceName;
        json?: boolean;
      },
    ) => {
      const warnings: string[] = [];
      const { json, ...options } = flags;
      const files = await predict(openRun(path, flags.device), images, {
        ...options,
        onWarning: warnedInto(warnings),
      });
      if (json) return jsonLine({ files, warnings });
      for (const file of files) print(`${file}\n`);
    },
  );

program
  .command('score')
  .description(
    'every metric for a prediction and its reference: two files, or two folders of slices',
  )
  .requiredOption('--prediction <path>', 'a label map, or a folder of slices')
  .requiredOption('--reference <path>', 'the same of the reference')
  .option('--label <n>', 'the value that counts (default: every value but 0)', wholeNumber)
  .option(
    '--spacing <x,y,z>',
    'voxel size in mm, where the files state none or a wrong one',
    spacingOf,
  )
  .option(
    '--frame <n>',
    'of files with several frames or pages: which one, from 0; one-hot: they are the classes, background first',
    frameOf,
  )
  .option('--json', 'print JSON')
  .action(
    async (flags: {
      prediction: string;
      reference: string;
      label?: number;
      spacing?: [number, number, number];
      frame?: number | 'one-hot';
      json?: boolean;
    }) => {
      const result = await score(flags);
      const { warnings, ...values } = result;
      warn(warnings);
      if (flags.json) return jsonLine(result);
      for (const [name, value] of Object.entries(values))
        print(
          `${name.padEnd(12)} ${typeof value === 'number' ? value.toFixed(4) : String(value ?? '-')}\n`,
        );
    },
  );

program
  .command('inspect')
  .description('what an image file holds')
  .argument('<file>', 'an image, a label map or a volume')
  .addOption(seriesOption)
  .addOption(imageFrameOption)
  .option('--json', 'print JSON')
  .action(async (file: string, flags: ReadChoice & { json?: boolean }) => {
    const { json, ...choice } = flags;
    const found = await inspect(file, choice);
    warn(found.warnings ?? []);
    if (json) return jsonLine(found);
    print(describe(found));
  });

function describe(i: Inspection): string {
  const rows: [string, string][] = [
    ['file', i.path],
    ['format', i.format],
    ['shape', i.shape.join(' x ') + (i.channels > 1 ? `, ${i.channels} channels` : '')],
    ['type', i.dtype],
    [
      'spacing',
      i.hasSpacing ? `${i.spacing.map((s) => Number(s.toFixed(4))).join(' x ')} mm` : 'none stated',
    ],
    ['orientation', i.orientation],
    ['range', Number.isNaN(i.min) ? 'no numbers' : `${i.min} to ${i.max}`],
    [
      'affine',
      i.affine
        .map((row) => row.map((v) => v.toFixed(3).padStart(10)).join(' '))
        .join(`\n${' '.repeat(13)}`),
    ],
  ];
  return rows.map(([name, value]) => `${name.padEnd(12)} ${value}\n`).join('');
}

program
  .command('doctor')
  .description(
    'train a small network on every device: which work, how fast, and whether they compute what the processor does',
  )
  .option('--json', 'print JSON')
  .action(async ({ json }: { json?: boolean }) => {
    const checks: DeviceCheck[] = [];
    await checkDevices((check) => checks.push(check));
    if (json) return jsonLine(checks);
    print(`${tableText(devicesTable(checks))}\n`);
    print(devicesNote);
  });

program.addCommand(cudaCommand(print, jsonLine));

program
  .command('demo')
  .description('make a small synthetic cohort of CT and MR abdomens, and distill on it')
  .option('--out <folder>', 'where the demo goes', 'demo')
  .option('--seed <n>', 'seed of the training', wholeNumber)
  .addOption(deviceOption)
  .option('--json', "print the engine's events as JSON lines")
  .action(async (flags: { out: string; seed?: number; device?: DeviceName; json?: boolean }) => {
    const { out, ...rest } = flags;
    const config = await writeDemo(out);
    const name = flags.seed === undefined ? 'run' : `run-seed${flags.seed}`;
    await run(config, { ...rest, out: join(out, name), resume: true, set: {} });
  });

program.parseAsync().catch((error: unknown) => {
  if (error instanceof CommanderError) {
    // Help that could not be written has its exit code already.
    process.exitCode = error.exitCode === 0 ? (process.exitCode ?? success) : usage;
    return;
  }
  const { message, stack } = error as Error;
  const verbose = program.opts<{ verbose?: boolean }>().verbose;
  const known = error instanceof UserError;
  const place =
    error instanceof ConfigError && error.place
      ? `${error.place.file}:${error.place.line}:${error.place.column}: `
      : '';
  complain(`${place}${known ? message : `Unexpected failure: ${message}`}\n`);
  if (verbose) complain(`${stack}\n`);
  else if (!known) complain('(meddistill --verbose shows where)\n');
  process.exitCode = error instanceof ConfigError ? usage : failure;
});
