import { gapSentence } from '../presentation/signal';
import type { EngineEvent } from '../contract/events';
import { formatDuration } from '../presentation/duration';
import { estimateText, formatMemory } from '../presentation/estimate-table';
import { advance, noProgress, secondsLeft } from '../presentation/run-progress';
import { oneLine, withoutControls } from '../presentation/plain-text';

/** Writes a run's events for a person: a bar on a terminal, plain lines elsewhere. */
export class Progress {
  private line = '';
  private lastShare = -1;
  private dice = '';
  private progress = noProgress;

  constructor(private readonly out: NodeJS.WriteStream) {}

  show(event: EngineEvent): void {
    this.progress = advance(this.progress, { ...event, time: new Date().toISOString() });
    switch (event.type) {
      case 'run':
        return this.say(
          `${event.resumed ? 'Resuming' : 'Run'} in ${event.folder}, seed ${event.seed}`,
        );
      case 'device':
        return this.say(
          `Device: ${event.device} (${event.name}, ${event.threads} threads)${event.note ? `. ${event.note}` : ''}`,
        );
      case 'estimate': {
        this.say(`Estimated: ${estimateText(event)} of memory`);
        for (const { stage, steps, left, seconds, memory } of event.stages)
          this.say(
            steps > 0 && left === 0
              ? `  ${stage}: is there already`
              : `  ${stage}: ${steps > 0 ? `${left} steps, ` : ''}${formatDuration(seconds)}${memory === null ? '' : `, ${formatMemory(memory)}`}`,
          );
        return;
      }
      case 'cohort':
        return this.say(
          `Domain ${event.domain} (${event.role}): ${event.cases} cases, ${event.slices} slices`,
        );
      case 'stage':
        this.lastShare = -1;
        this.dice = '';
        if (event.state === 'finished')
          this.say(`Stage ${event.stage} finished in ${event.seconds?.toFixed(1)} s`);
        else if (event.state === 'skipped') this.say(`Stage ${event.stage} is done already`);
        else if (event.state === 'resumed')
          this.say(`Stage ${event.stage} goes on at step ${event.step} of ${event.steps}`);
        else this.say(`Stage ${event.stage}: ${event.steps} steps`);
        return;
      case 'step': {
        const { step, steps, losses, stage, imagesPerSecond } = event;
        const text = `${stage} ${step}/${steps}  loss ${losses['loss'].toFixed(4)}${this.dice}  ${imagesPerSecond.toFixed(0)} images/s${this.timeLeft()}`;
        return this.bar(step / steps, text);
      }
      case 'evaluation':
        if (event.stage === 'evaluate')
          return this.say(
            `  ${event.network} on ${event.domain} (${event.role}): Dice ${event.dice?.toFixed(3) ?? '-'}, n = ${event.cases}`,
          );
        if (event.role === 'source') this.dice = `  Dice ${event.dice?.toFixed(3) ?? '-'}`;
        return;
      case 'gap':
        return this.say(`${gapSentence(event.difference)}`);
      case 'log':
        return event.level === 'error' ? undefined : this.say(event.message);
      case 'cancelled':
        return this.say(`Cancelled; "meddistill run --resume" goes on with ${event.folder}`);
      case 'fsd':
      case 'graphs':
      case 'gradients':
      case 'signal':
      case 'finished':
        return;
    }
  }

  /** Ends a bar that is still on its line. */
  end(): void {
    if (this.line) this.out.write('\r\x1b[K');
    this.line = '';
  }

  private timeLeft(): string {
    const left = this.progress.expected && secondsLeft(this.progress);
    return left === null ? '' : `  ${formatDuration(left)} left`;
  }

  private say(text: string): void {
    this.end();
    this.out.write(`${withoutControls(text)}\n`);
  }

  private bar(share: number, text: string): void {
    if (!this.out.isTTY) {
      // A line every tenth of a stage.
      const tenth = Math.floor(share * 10);
      if (tenth > this.lastShare) this.say(`  ${text}`);
      this.lastShare = tenth;
      return;
    }
    const width = 24;
    const full = Math.round(share * width);
    this.line = `${'█'.repeat(full)}${'░'.repeat(width - full)} ${oneLine(text)}`.slice(
      0,
      this.out.columns,
    );
    this.out.write(`\r${this.line}\x1b[K`);
  }
}
