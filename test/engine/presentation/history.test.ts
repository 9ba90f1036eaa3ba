import assert from 'node:assert/strict';
import { History, packEvents } from '../../../engine/presentation/history';
import { madeRun } from './run-events';

describe('the history of a run', () => {
  const { events } = madeRun({ steps: 40, every: 10 });
  const whole = History.of(events);

  it('is the same whether its events come at once or in parts', () => {
    const parts = new History();
    for (let i = 0; i < events.length; i += 7) parts.add(packEvents(events.slice(i, i + 7)));
    assert.deepEqual(
      parts.ordered.map((s) => [s.stage, s.state, s.reached, [...s.step]]),
      whole.ordered.map((s) => [s.stage, s.state, s.reached, [...s.step]]),
    );
    for (const stage of whole.ordered)
      for (const term of stage.terms)
        assert.deepEqual(parts.stages.get(stage.stage)!.losses(term), stage.losses(term));
    assert.deepEqual(parts.evaluations, whole.evaluations);
  });

  it('of very many steps keeps some of all of them, and how far it is', () => {
    const [step] = events.filter((e) => e.type === 'step');
    const history = new History();
    const count = 300_000;
    for (let first = 1; first <= count; first += 5000) {
      const steps = Array.from({ length: 5000 }, (_, n) => {
        const at = first + n;
        return {
          ...step,
          step: at,
          steps: count,
          losses: { loss: at, [`late${first + (n % 5)}`]: 1 },
        };
      });
      history.add(packEvents(steps));
    }
    const stage = history.stages.get(step.stage)!;
    assert.equal(stage.reached, count);
    assert.ok(stage.terms.length <= 256 && stage.step.length <= 2 ** 17);
    assert.ok(stage.step.length * stage.terms.length < 2 ** 22);
    assert.deepEqual([...stage.step], [...stage.losses('loss')]);
    const apart = stage.step[1] - stage.step[0];
    assert.ok(stage.step.every((at, i) => at === 1 + i * apart));
    assert.ok(stage.step.at(-1)! > count - apart);
    assert.equal(stage.smoothedLosses('loss', 0.6).length, stage.step.length);
  });

  it('of more events and stages than a run has keeps the last events and the first stages', () => {
    const history = new History();
    const of = (type: string) => events.find((e) => e.type === type)!;
    const many = <T>(make: (n: number) => T) => Array.from({ length: 120_000 }, (_, n) => make(n));
    history.add(packEvents(many((n) => ({ ...of('evaluation'), step: n }) as never)));
    history.add(
      packEvents(
        many((n) => ({ ...of('log'), type: 'log', level: 'error', message: `${n}` }) as never),
      ),
    );
    history.add(packEvents(many((n) => ({ ...of('stage'), stage: `s${n}` }) as never)));
    assert.ok(history.evaluations.length <= 50_000);
    assert.equal(history.evaluations.at(-1)!.step, 119_999);
    assert.ok(history.messages.length <= 1000);
    assert.equal(history.messages.at(-1)!.message, '119999');
    assert.ok(history.stages.size <= 1000);
  });

  it('survives being sent to a page', () => {
    const sent = structuredClone(packEvents(events));
    const received = new History();
    received.add(sent);
    const [a, b] = [received, whole].map((h) => h.stages.get('gkd')!);
    assert.deepEqual(a.losses('intra'), b.losses('intra'));
    assert.deepEqual(a.measure('imagesPerSecond'), b.measure('imagesPerSecond'));
  });

  it('puts stages on one axis, without those that were skipped', () => {
    assert.equal(whole.offset('teacher'), 0);
    assert.equal(whole.offset('gkd'), 5 * 40);
    const skipped = History.of([
      {
        ...events.find((e) => e.type === 'stage')!,
        stage: 'teacher',
        state: 'skipped',
        steps: 40,
      } as never,
      ...events.filter((e) => 'stage' in e && e.stage === 'warmup'),
    ]);
    assert.equal(skipped.offset('warmup'), 0);
  });

  it('leaves a gap where a term was not there', () => {
    const [step] = events.filter((e) => e.type === 'step');
    const history = History.of([step]);
    history.add(packEvents([{ ...step, step: 2, losses: { loss: 1, late: 2 } }]));
    const stage = history.stages.get(step.stage)!;
    assert.deepEqual([...stage.losses('late')], [NaN, 2]);
    assert.ok(Number.isNaN(stage.losses('crossEntropy')[1]));
  });

  it('tells the stage at work', () => {
    const cut = events.findIndex((e) => e.type === 'step' && e.stage === 'psae' && e.step === 20);
    const history = History.of(events.slice(0, cut + 1));
    assert.equal(history.current?.stage, 'psae');
    assert.equal(history.current?.reached, 20);
    assert.equal(whole.ended, 'finished');
    assert.deepEqual(
      [...whole.domains],
      [
        ['ct', 'source'],
        ['mr', 'target'],
      ],
    );
  });
});
