/** `simulate`: many seeds on the real engine with all kinds of faults; no promise is broken, and a planted defect is found. */
import { expect, test } from 'vitest';
import { limitOfSeeds } from '../limits.ts';
import { setup } from 'xstate';
import { machine } from 'troupe';
import { everyFault, simulate, type SimulateOptions, type SimulationScenario } from 'troupe/testing';
import { gravestFirst } from '../../src/testing/simulate/gravity.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { stepByStep } from '../engine/journals.ts';
import { clerk, counter, counting, desk, newsroom } from './subjects.ts';

/** Seeds that failed once: messages out of order; a lease renewal whose answer came too late; watchers that were not told that a run is gone. */
const regressions = [1318, 1_052_090, 1_079_793, 8114, 982];
/** More in CI: `TROUPE_SEEDS=5000`. */
const seeds = Number(process.env['TROUPE_SEEDS'] ?? 150);

test.each([
  ['a machine with a child and timers', counting],
  ['an agent that reads, writes and asks a person', clerk],
  ['a team of two', desk],
  ['the team of the demo', newsroom],
])(
  'whatever goes wrong, %s ends, and nothing is lost or performed twice',
  async (_, scenario) => {
    const { failures, faults } = await simulate(scenario, { seeds, regressions });
    expect(failures).toEqual([]);
    expect(Object.keys(faults).length).toBeGreaterThan(everyFault.length / 2);
  },
  limitOfSeeds(seeds),
);

test('the same seed is the same run, event by event', async () => {
  const hashes = async () => (await simulate(clerk, { seeds: 20, seed: 7 })).results.map(({ hash }) => hash);
  const first = await hashes();
  expect(await hashes()).toEqual(first);
  expect(new Set(first).size).toBe(20);
});

test('without faults a run has the same result under every seed', async () => {
  const { results, faults } = await simulate(counting, { seeds: 10, faults: [] });
  expect(faults).toEqual({});
  expect(new Set(results.map(({ end }) => end))).toEqual(new Set(['{"status":"done","output":5}']));
});

test('a process can restart with the next version of the definition, and the run continues', async () => {
  const { failures, faults } = await simulate(() => ({ ...counting(), next: counter(200) }), {
    seeds: 60,
    faults: ['crash', 'upgrade'],
  });
  expect(failures).toEqual([]);
  expect(faults.upgrade).toBeGreaterThan(5);
});

test('a defect is reported with its seed, the fewest faults, the last events, and the command that repeats it', async () => {
  const { failures } = await simulate(counting, {
    seeds: 60,
    name: 'counter.ts',
    // Messages are not deduplicated, so a duplicate is counted twice.
    journal: (journal) => ({
      ...journal,
      commit: (commit) => journal.commit({ ...commit, event: { ...commit.event, inbox: false } }),
    }),
  });
  const [first] = failures;
  expect(first!.problems.join()).toMatch(/it counted [6-9]/);
  expect(first!.faults.length).toBeLessThan(6);
  expect(first!.trace.length).toBeGreaterThan(0);
  // A command cannot plant the defect: the line is a call that does.
  expect(first!.again).toMatch(
    new RegExp(
      `^simulate\\(…, \\{ seed: ${first!.seed}, seeds: 1, faults: \\[.*\\], only: \\[[\\d, ]+\\], journal \\}\\)$`,
    ),
  );
});

/** Messages are not deduplicated, so a duplicate is counted twice. */
const twice = (journal: Journal): Journal =>
  stepByStep({
    ...journal,
    commit: (commit) => journal.commit({ ...commit, event: { ...commit.event, inbox: false } }),
  });
/** Every fourth message is taken and dropped. */
const careless = (transport: Transport): Transport => {
  let sent = 0;
  return { ...transport, send: async (envelope) => (++sent % 4 === 0 ? undefined : transport.send(envelope)) };
};
const idle = () => ({
  subject: machine(setup({}).createMachine({ id: 'idle', initial: 'on', states: { on: {} } })),
  input: null,
});
const withoutCrash = (): SimulationScenario => ({
  ...counting(),
  invariants: {
    'no process dies': ({ faults }) =>
      faults.some(({ kind }) => kind === 'crash') ? `${faults.length} faults` : undefined,
    'it counts to six': () => 'it never does',
  },
});

test.each<[string, () => SimulationScenario, SimulateOptions]>([
  ['a defect of the journal', counting, { seeds: 12, journal: twice }],
  ['a defect of the transport', counting, { seeds: 3, transport: careless, journal: stepByStep }],
  ['a defect of a shared journal', counting, { seeds: 12, shared: true, journal: twice }],
  ['a run that stands still', idle, { seeds: 2 }],
  ['an invariant that some fault breaks', withoutCrash, { seeds: 12, faults: ['crash', 'zombie', 'slow'] }],
  ['failures that were not shrunk', withoutCrash, { seeds: 8, shrink: false }],
  ['a run that was stopped', counting, { seeds: 12, journal: twice, until: 60 }],
])('the line that repeats %s fails with the same problems', async (_, scenario, options) => {
  const { failures } = await simulate(scenario, options);
  for (const { again, againInFull, problems, others } of failures) {
    const repeat = async (line = '') => {
      // oxlint-disable-next-line typescript/no-implied-eval -- The line is a call that a user would paste.
      const call = new Function(
        'simulate',
        'journal',
        'transport',
        'scenario',
        `return ${line.replace('…', 'scenario')}`,
      );
      const made = call(simulate, options.journal, options.transport, scenario) as ReturnType<typeof simulate>;
      return (await made).failures[0]?.problems;
    };
    expect(await repeat(again)).toEqual(problems.filter((problem) => !others.includes(problem)));
    // It is shrunk again, and a number in the words may be that of fewer faults.
    const withoutNumbers = (all: readonly string[] = []) => all.map((says) => says.replaceAll(/\d+/g, 'n'));
    expect(withoutNumbers(await repeat(againInFull))).toEqual(withoutNumbers(problems));
  }
  expect(failures.length).toBeGreaterThan(options.until === undefined ? 0 : -1);
});

test('of a seed with two problems the grave one is kept when faults are left out, and both are listed', async () => {
  const scenario = (): SimulationScenario => ({
    ...counting(),
    invariants: {
      grave: ({ faults }) => (faults.some(({ kind }) => kind === 'crash') ? 'a process died' : undefined),
      trivial: () => 'it is a Monday',
    },
  });
  const { failures, results } = await simulate(scenario, { seeds: 20, faults: ['crash', 'slow', 'drop'] });
  const graves = failures.filter(({ problems }) => problems.length > 1);
  expect(graves.length).toBeGreaterThan(2);
  for (const { problems, faults } of graves) {
    expect(problems).toEqual(['grave: a process died', 'trivial: it is a Monday']);
    expect(faults.some(({ kind }) => kind === 'crash')).toBe(true);
  }
  expect(graves[0]!.faults.map(({ kind }) => kind)).toEqual(['crash']);
  expect(results.every(({ problems }) => problems.at(-1) === 'trivial: it is a Monday')).toBe(true);
});

test('what is done twice is graver than what an invariant says, and that is graver than what stands still', () => {
  const problems = ['punctual', 'standstill', 'invariant', 'E7', 'terminal', 'once'].map((source) => ({
    source,
    says: '',
  }));
  const order = gravestFirst(problems).map(({ source }) => source);
  expect(order).toEqual(['E7', 'once', 'invariant', 'standstill', 'terminal', 'punctual']);
});

test('a run that is stopped at a step is judged by what it did until then, and every event is in its trace', async () => {
  const [whole] = (await simulate(clerk, { seed: 3, seeds: 1 })).results;
  const at = async (until: number) => (await simulate(clerk, { seed: 3, seeds: 1, until })).results[0]!;
  const half = await at(Math.floor(whole!.steps / 2));
  expect(half).toMatchObject({ end: 'stopped', problems: [] });
  const all = await at(whole!.steps);
  expect({ end: all.end, hash: all.hash }).toEqual({ end: whole!.end, hash: whole!.hash });
  expect(all.trace.slice(0, half.trace.length)).toEqual(half.trace);
  expect(half.trace[0]).toMatch(/^0\.\d+s #\d /);
});

test('a scenario that is not made anew for each seed has no line that would repeat its failure', async () => {
  let runs = 0;
  const worn = () => {
    const number = ++runs;
    return { ...counting(), invariants: { fresh: () => (number === 3 ? 'it is worn' : undefined) } };
  };
  const { failures } = await simulate(worn, { seeds: 4, faults: [], shrink: false });
  expect(failures).toMatchObject([{ seed: 3, problems: ['fresh: it is worn'], again: undefined }]);
});

test("a user's invariant that does not hold is a failure", async () => {
  const { failures } = await simulate(
    () => ({ ...counting(), invariants: { 'it counts to six': () => 'it never does' } }),
    { seeds: 2 },
  );
  expect(failures).toMatchObject([{ seed: 1, problems: ['it counts to six: it never does'] }, { seed: 2 }]);
});

test('an invariant that throws is reported as an error of the invariant', async () => {
  const broken = () => ({
    ...counting(),
    invariants: {
      careless: () => {
        throw new TypeError('nothing to read');
      },
    },
  });
  await expect(simulate(broken, { seeds: 1 })).rejects.toMatchObject({
    kind: 'definition',
    message: expect.stringContaining('The invariant "careless" threw instead of answering: nothing to read') as string,
  });
});

test('a run that cannot end is reported as one that stands still', async () => {
  const { failures } = await simulate(idle, { seeds: 1, faults: [] });
  expect(failures[0]!.problems[0]).toMatch(/it stands still: idle\/sim is in on/);
});

test.each([
  ['seed', { seed: 0 }, /The seed is a whole number from 1; got 0/],
  ['number', { seeds: NaN }, /The number of seeds is a whole number from 1; got NaN/],
  ['fault', { faults: ['flood' as never] }, /no fault "flood"; there are drop, duplicate/],
  ['list of faults', { only: [3] }, /numbers of one seed; 100 seeds are asked for/],
  ['number of a fault', { seeds: 1, only: [0] }, /whole numbers from 1; got 0/],
])('a wrong %s is refused', async (_, options, says) => {
  await expect(simulate(counting, options)).rejects.toMatchObject({
    kind: 'definition',
    message: expect.stringMatching(says) as string,
  });
});
