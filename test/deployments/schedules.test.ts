/** Schedules on a clock that the test moves: when they are due, what overlaps, what was missed, and who starts it. */
import { describe, expect, test } from 'vitest';
import { deploymentsIn } from '../../src/deployments/deployments.ts';
import type { NewSchedule } from '../../src/deployments/schedules/schedules.ts';
import { dueTimes } from '../../src/deployments/schedules/cron.ts';
import { scheduler, type ScheduledRuns } from '../../src/deployments/schedules/scheduler.ts';
import { schedulesIn } from '../../src/deployments/schedules/schedules.ts';
import { memoryDeployments } from './memoryDeployments.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { TroupeError } from '../../src/values/failure.ts';

const at = (text: string) => Date.parse(text);
const utc = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());

/** The due times after `from`, as ISO texts. */
async function dues(cron: string, timezone: string, from: string, count: number): Promise<(string | undefined)[]> {
  const times = await dueTimes(cron, timezone);
  const found: number[] = [];
  for (let due = times.after(at(from)); due !== undefined && found.length < count; due = times.after(due))
    found.push(due);
  return found.map(utc);
}

describe('due times', () => {
  test('nine on working days in Berlin is eight in Greenwich in winter, and seven in summer', async () => {
    expect(await dues('0 9 * * 1-5', 'Europe/Berlin', '2026-03-26T00:00:00Z', 4)).toEqual([
      '2026-03-26T08:00:00.000Z',
      '2026-03-27T08:00:00.000Z',
      '2026-03-30T07:00:00.000Z',
      '2026-03-31T07:00:00.000Z',
    ]);
  });

  test('a time of day that the clocks skip is due once, when they were put forward', async () => {
    expect(await dues('30 2 * * *', 'Europe/Berlin', '2026-03-28T00:00:00Z', 3)).toEqual([
      '2026-03-28T01:30:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
  });

  test('a time of day that comes twice is due once', async () => {
    expect(await dues('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
  });

  test('every hour is every hour, also when the clocks change', async () => {
    const hours = async (from: string) => dues('0 * * * *', 'Europe/Berlin', from, 5);
    for (const day of ['2026-03-28T23:30:00Z', '2026-10-24T22:30:00Z']) {
      const found = (await hours(day)).map((text) => at(text ?? ''));
      expect(found.slice(1).map((due, n) => due - (found[n] ?? 0))).toEqual(Array.from({ length: 4 }, () => 3_600_000));
    }
  });

  test('the last due time is found at and before a time', async () => {
    const times = await dueTimes('0 9 * * *', 'UTC');
    expect(utc(times.atOrBefore(at('2026-11-29T09:00:00Z')))).toBe('2026-11-29T09:00:00.000Z');
    expect(utc(times.atOrBefore(at('2026-11-29T08:59:59.999Z')))).toBe('2026-11-28T09:00:00.000Z');
    expect(utc(times.atOrBefore(at('2026-11-29T09:00:00.500Z')))).toBe('2026-11-29T09:00:00.000Z');
  });

  test.each(['', '* * * *', '61 * * * *', 'every day', '* * * * * * *', '0 0 30 2 *', '2026-01-01T00:00:00'])(
    'the expression %j is refused',
    async (cron) => {
      await expect(dueTimes(cron, 'UTC')).rejects.toMatchObject({ kind: 'invalid' });
    },
  );

  test('a time zone that is none is refused', async () => {
    await expect(dueTimes('0 9 * * *', 'Europe/Atlantis')).rejects.toThrow('there is none named "Europe/Atlantis"');
  });
});

/** Two versions of "desk", a schedule "tick" every ten minutes, and processes that look at it. */
async function world(over: Partial<NewSchedule> = {}, start = '2026-11-29T09:05:00Z') {
  const clock = virtualClock({ start: at(start) });
  const store = memoryDeployments();
  const deployments = deploymentsIn(store);
  const version = { bundle: 'a'.repeat(64), entry: 'desk.mjs', kind: 'agent', source: '/desk.ts', createdAt: 0 };
  await deployments.add('desk', version);
  await deployments.add('desk', version);
  const schedules = schedulesIn(store);
  const tick: NewSchedule = {
    name: 'tick',
    cron: '*/10 * * * *',
    timezone: 'UTC',
    deployment: 'desk',
    overlap: 'allow',
    backfill: 'none',
    ...over,
  };
  await schedules.add(tick, clock.now());

  const states = new Map<string, 'held' | 'loose' | 'ended'>();
  /** Every start that was the first of its key. */
  const started: string[] = [];
  const cancelled: string[] = [];
  const ends = new Map<string, () => void>();
  const said: string[] = [];
  const runs: ScheduledRuns = {
    state: async (run) => states.get(run) ?? 'unknown',
    async start({ version: number }, input, run) {
      if (states.get(run) === 'held') throw new TroupeError('owned_elsewhere', 'Another process has it.');
      if (!states.has(run)) started.push(`${run}@${number}${input === undefined ? '' : JSON.stringify(input)}`);
      states.set(run, 'held');
      return { ended: new Promise<void>((done) => ends.set(run, done)) };
    },
    async cancel(run) {
      cancelled.push(run);
    },
  };
  const process = () => scheduler({ store, deployments, runs, clock, say: (line) => void said.push(line) });
  const first = process();
  return {
    clock,
    store,
    deployments,
    schedules,
    states,
    said,
    process,
    runs,
    cancelled,
    /** The due times that were started, as hours and minutes. */
    started: () => started.map((key) => key.replace(/^schedule\.tick\.\d{8}t(\d\d)(\d\d)\d\dz@\d+/, '$1:$2')),
    keys: started,
    end(time: string) {
      const run = [...states.keys()].find((key) => key.includes(`t${time.replace(':', '')}`)) ?? '';
      states.set(run, 'ended');
      ends.get(run)?.();
    },
    /** Lets a process look every so many minutes, until this time. */
    async lookUntil(time: string, minutes = 1) {
      while (clock.now() < at(`2026-11-29T${time}:00Z`)) {
        clock.advance(minutes * 60_000);
        await first.look();
      }
    },
    look: () => first.look(),
  };
}

test('each due time starts a run with the version that the tag names then, and its key says which', async () => {
  const { lookUntil, keys, deployments } = await world({ input: { topic: 'x' } });
  await lookUntil('09:10');
  await deployments.tag('desk', 2, { tag: 'default', exclusive: true });
  await lookUntil('09:20');
  expect(keys).toEqual([
    'schedule.tick.20261129t091000z@1{"topic":"x"}',
    'schedule.tick.20261129t092000z@2{"topic":"x"}',
  ]);
});

test('processes that look at once start each due time once', async () => {
  const { clock, process, started, states } = await world();
  const processes = Array.from({ length: 5 }, process);
  for (let n = 0; n < 30; n++) {
    clock.advance(60_000);
    await Promise.all(processes.map((each) => each.look()));
  }
  expect(started()).toEqual(['09:10', '09:20', '09:30']);
  expect(states.size).toBe(3);
});

test('a run that was written down by a process that was killed before it started it is started by the next one', async () => {
  const { clock, process, started, runs, store, deployments } = await world();
  const killed = scheduler({
    store,
    deployments,
    clock,
    say: () => {},
    runs: { ...runs, start: () => new Promise(() => {}) },
  });
  clock.advance(5 * 60_000);
  void killed.look();
  await new Promise((done) => setImmediate(done));
  expect(started()).toEqual([]);
  await process().look();
  await process().look();
  expect(started()).toEqual(['09:10']);
});

test('a run whose process was killed goes on in another one, under the same key', async () => {
  const { lookUntil, states, process, started } = await world();
  await lookUntil('09:10');
  for (const run of states.keys()) states.set(run, 'loose');
  await process().look();
  expect([...states.values()]).toEqual(['held']);
  expect(started()).toEqual(['09:10']);
});

describe('a run that is due while the one before is at work', () => {
  test('is skipped, and the next one after its end is not', async () => {
    const { lookUntil, end, started, schedules } = await world({ overlap: 'skip' });
    await lookUntil('09:30');
    expect(started()).toEqual(['09:10']);
    expect((await schedules.get('tick')).skipped).toEqual({
      due: at('2026-11-29T09:30:00Z'),
      why: 'the run before was still at work',
    });
    end('09:10');
    await lookUntil('09:40');
    expect(started()).toEqual(['09:10', '09:40']);
  });

  test('waits in line, and none is lost', async () => {
    const { lookUntil, end, started, look } = await world({ overlap: 'queue' });
    await lookUntil('09:35');
    expect(started()).toEqual(['09:10']);
    end('09:10');
    await look();
    expect(started()).toEqual(['09:10', '09:20']);
    await look();
    end('09:20');
    await look();
    end('09:30');
    await look();
    expect(started()).toEqual(['09:10', '09:20', '09:30']);
  });

  test('runs beside it where that is allowed', async () => {
    const { lookUntil, started } = await world({ overlap: 'allow' });
    await lookUntil('09:30');
    expect(started()).toEqual(['09:10', '09:20', '09:30']);
  });

  test('cancels it where it is newer', async () => {
    const { lookUntil, started, cancelled } = await world({ overlap: 'cancel-previous' });
    await lookUntil('09:30');
    expect(started()).toEqual(['09:10', '09:20', '09:30']);
    expect(new Set(cancelled)).toEqual(new Set(['schedule.tick.20261129t091000z', 'schedule.tick.20261129t092000z']));
  });
});

describe('what was due while no process looked', () => {
  const away = async (over: Partial<NewSchedule>) => {
    const found = await world(over);
    found.clock.advance(40 * 60_000 + 120_000); // Until 09:47.
    await found.look();
    return found;
  };

  test('is not made up for by default', async () => {
    const { started, lookUntil } = await away({ backfill: 'none' });
    expect(started()).toEqual([]);
    await lookUntil('09:50');
    expect(started()).toEqual(['09:50']);
  });

  test('is made up for by its last one', async () => {
    const { started, lookUntil } = await away({ backfill: 'last' });
    expect(started()).toEqual(['09:40']);
    await lookUntil('09:50');
    expect(started()).toEqual(['09:40', '09:50']);
  });

  test('is made up for by all, at once where runs may overlap', async () => {
    expect((await away({ backfill: 'all' })).started()).toEqual(['09:10', '09:20', '09:30', '09:40']);
  });

  test.each(['skip', 'queue'] as const)('is made up for by all, one after another with %s', async (overlap) => {
    const { started, end, look } = await away({ backfill: 'all', overlap });
    for (const time of ['09:10', '09:20', '09:30', '09:40']) {
      expect(started().at(-1)).toBe(time);
      end(time);
      await look();
    }
    expect(started()).toEqual(['09:10', '09:20', '09:30', '09:40']);
  });

  test('is the newest alone where a newer one cancels the others', async () => {
    expect((await away({ backfill: 'all', overlap: 'cancel-previous' })).started()).toEqual(['09:40']);
  });

  test('for a year is looked through quickly', async () => {
    for (const backfill of ['none', 'last', 'all'] as const) {
      const { clock, look, started } = await world({ backfill, cron: '* * * * * *', overlap: 'queue' });
      clock.advance(365 * 86_400_000);
      await look();
      expect(started()).toHaveLength(1);
    }
  });

  test('a little late is on time', async () => {
    const { clock, look, started } = await world({ backfill: 'none' });
    clock.advance(5 * 60_000 + 59_000);
    await look();
    expect(started()).toEqual(['09:10']);
  });
});

describe('the clock of the machine', () => {
  /** The same store, seen by processes whose clock shows another time. */
  const withClocks = (...times: string[]) => withSchedule({}, ...times);
  async function withSchedule(over: Partial<NewSchedule>, ...times: string[]) {
    const found = await world(over);
    const looks = times.map((time) => {
      const clock = virtualClock({ start: at(`2026-11-29T${time}Z`) });
      const { store, deployments, runs } = found;
      return () => scheduler({ store, deployments, runs, clock, say: () => {} }).look();
    });
    for (const look of looks) await look();
    return found;
  }

  test('that goes back a little starts nothing twice', async () => {
    const { started, states } = await withClocks('09:10:00', '09:09:58', '09:10:01');
    expect([started(), states.size]).toEqual([['09:10'], 1]);
  });

  test('that was hours ahead and is right again does not stop the schedule', async () => {
    const { started } = await withClocks('15:10:00', '09:12:00', '09:20:00', '09:30:10');
    expect(started()).toEqual(['15:10', '09:20', '09:30']);
  });

  test('that comes to the same time again while its run is at work does not cancel it', async () => {
    const again = ['15:10:00', '09:12:00', '15:10:05'];
    const { started, cancelled, schedules } = await withSchedule({ overlap: 'cancel-previous' }, ...again);
    expect([started(), cancelled]).toEqual([['15:10'], []]);
    expect((await schedules.get('tick')).runs).toHaveLength(1);
  });

  test('that comes to the same time again starts no second run', async () => {
    const found = await withClocks('15:10:00', '09:12:00');
    for (const run of found.states.keys()) found.states.set(run, 'ended');
    const clock = virtualClock({ start: at('2026-11-29T15:10:05Z') });
    const { store, deployments, runs } = found;
    await scheduler({ store, deployments, runs, clock, say: () => {} }).look();
    expect(found.started()).toEqual(['15:10']);
  });
});

test('a paused schedule starts nothing, and makes up for nothing when it is resumed', async () => {
  const { lookUntil, schedules, started, clock } = await world({ backfill: 'all' });
  await lookUntil('09:10');
  await schedules.setPaused('tick', true, clock.now());
  await lookUntil('09:35');
  await schedules.setPaused('tick', false, clock.now());
  await lookUntil('09:40');
  expect(started()).toEqual(['09:10', '09:40']);
});

test('a schedule that is paused while a process decides about it starts nothing', async () => {
  const { store, deployments, runs, clock, schedules, started } = await world();
  clock.advance(5 * 60_000);
  const pausing: typeof deployments.get = async (name, choice) => {
    await schedules.setPaused('tick', true, clock.now());
    return deployments.get(name, choice);
  };
  await scheduler({ store, deployments: { get: pausing }, runs, clock, say: () => {} }).look();
  expect([started(), (await schedules.get('tick')).paused]).toEqual([[], true]);
});

test('a schedule whose deployment is not there says so once, and starts when it is there', async () => {
  const { lookUntil, said, started, deployments, schedules, clock } = await world({ deployment: 'desk@live' });
  await lookUntil('09:10');
  expect(started()).toEqual([]);
  expect(said).toEqual([expect.stringContaining('No version of "desk" has the tag "live"') as string]);
  await deployments.tag('desk', 2, { tag: 'live', exclusive: true });
  await lookUntil('09:11');
  expect(started()).toEqual(['09:10']);
  expect((await schedules.get('tick')).last?.version).toBe(2);
  expect(clock.now()).toBe(at('2026-11-29T09:11:00Z'));
});

test('a run that cannot be started is given up with its reason, and the next one is tried', async () => {
  const { process: _, store, deployments, clock, schedules, runs } = await world({ overlap: 'queue' });
  const said: string[] = [];
  const refusing = scheduler({
    store,
    deployments,
    clock,
    say: (line) => void said.push(line),
    runs: { ...runs, start: () => Promise.reject(new TroupeError('invalid', 'The input does not fit.')) },
  });
  clock.advance(5 * 60_000);
  await refusing.look();
  expect(said).toEqual(['The schedule "tick": The input does not fit.']);
  expect(await schedules.get('tick')).toMatchObject({ runs: [], skipped: { why: 'The input does not fit.' } });
});

test('a process looks at each due time by itself, and at once when a run has ended that others wait for', async () => {
  const { process, clock, started, end } = await world({ overlap: 'queue', cron: '0 */10 * * * *' });
  const stop = new AbortController();
  const running = process().run(stop.signal);
  const settle = async () => {
    for (let n = 0; n < 50; n++) await new Promise((done) => setImmediate(done));
  };
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 5_000) {
      await settle();
      clock.advance(Math.min(left, 5_000));
    }
    await settle();
  };
  await pass(5 * 60_000);
  expect(started()).toEqual(['09:10']);
  await pass(10 * 60_000);
  expect(started()).toEqual(['09:10']);
  end('09:10');
  await settle();
  expect(started()).toEqual(['09:10', '09:20']);
  stop.abort();
  await running;
});

test('schedules are listed, deleted, and not made twice', async () => {
  const { schedules, clock } = await world();
  expect((await schedules.list()).map(({ name }) => name)).toEqual(['tick']);
  const again = { ...(await schedules.get('tick')) };
  await expect(schedules.add(again, clock.now())).rejects.toMatchObject({ kind: 'conflict' });
  await schedules.delete('tick');
  expect(await schedules.list()).toEqual([]);
  await expect(schedules.get('tick')).rejects.toThrow('There is no schedule "tick"');
  await expect(schedules.setPaused('tick', true, 0)).rejects.toMatchObject({ kind: 'unknown_recipient' });
});
