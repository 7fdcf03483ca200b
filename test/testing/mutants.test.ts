/** Defects planted into the engine, one at a time: the simulator must find each, and name the broken promise. */
import { afterEach, expect, test, vi } from 'vitest';
import { simulate, type SimulateOptions, type SimulationScenario } from 'troupe/testing';
import type { Commit, Journal } from '../../src/journal/journal.ts';
import { Activity } from '../../src/engine/activity.ts';
import { Timers } from '../../src/engine/timers.ts';
import { OutboxRelay } from '../../src/engine/outboxRelay.ts';
import { Leases } from '../../src/engine/lease.ts';
import { Unit } from '../../src/engine/unit.ts';
import { stepByStep } from '../engine/journals.ts';
import { clerk, counting, newsroom } from './subjects.ts';

afterEach(() => vi.restoreAllMocks());

type Scenario = () => SimulationScenario;
interface Mutant {
  readonly scenario: Scenario;
  readonly plant: () => Pick<SimulateOptions, 'journal' | 'transport'>;
  readonly says: RegExp;
  /** The seeds to run: a defect may need a rare combination of faults. */
  readonly seeds?: { readonly seed: number; readonly seeds: number };
}

const inClass = (plant: () => unknown) => () => {
  plant();
  return {};
};
const inJournal = (over: (journal: Journal) => Partial<Journal>) => () => ({
  journal: (journal: Journal): Journal => ({ ...journal, ...over(journal) }),
});
const inCommits = (change: (commit: Commit) => Partial<Commit>) =>
  inJournal((journal) => ({ commit: (commit) => journal.commit({ ...commit, ...change(commit) }) }));

const mutants: Record<string, Mutant> = {
  'the end of what was under way tells nobody': {
    scenario: clerk,
    plant: inClass(() => vi.spyOn(Activity.prototype, 'changed').mockImplementation(() => {})),
    says: /its watchers were not told/,
  },
  'an effect does not count as something under way': {
    scenario: clerk,
    plant: inClass(() => {
      const begin = Activity.prototype.begin;
      vi.spyOn(Activity.prototype, 'begin').mockImplementation(function (this: Activity, run) {
        const isEffect = new Error().stack?.includes('EffectRunner');
        return isEffect ? { [Symbol.dispose]() {} } : begin.call(this, run);
      });
    }),
    says: /said to rest while an effect is running/,
  },
  'messages are not deduplicated': {
    scenario: counting,
    plant: inCommits(({ event }) => ({ event: { ...event, inbox: false } })),
    says: /: it counted [6-9]$/,
  },
  'timers are in memory only': {
    scenario: counting,
    plant: inCommits(({ opens }) => ({ opens: opens.filter(({ kind }) => kind !== 'timer') })),
    says: /^it stands still: counter\/sim is in counting/,
  },
  'pending messages are not stored': {
    scenario: counting,
    plant: inCommits(({ opens }) => ({ opens: opens.filter(({ kind }) => kind !== 'message') })),
    says: /: it counted [0-4]$/,
  },
  'children are not stored': {
    scenario: counting,
    plant: inCommits(({ opens }) => ({ opens: opens.filter(({ kind }) => kind !== 'child') })),
    says: /^it stands still: counter\/sim is in counting/,
  },
  'effects are not stored': {
    scenario: clerk,
    plant: inCommits(({ opens }) => ({ opens: opens.filter(({ kind }) => kind !== 'effect') })),
    says: /performed under .*, which no commit asked for \(E2\)/,
  },
  'a snapshot is one step behind': {
    scenario: counting,
    plant: inJournal((journal) => {
      const latest = new Map<string, Commit['snapshot']>();
      return {
        commit(commit) {
          const before = latest.get(commit.actor) ?? commit.snapshot;
          latest.set(commit.actor, commit.snapshot);
          return journal.commit(commit.status === 'active' ? { ...commit, snapshot: before } : commit);
        },
      };
    }),
    says: /: it counted [6-9]$/,
  },
  'entries of lists are written twice': {
    scenario: clerk,
    plant: inCommits(({ appends }) => ({ appends: [...appends, ...appends] })),
    says: /paired: the call .* has no result/,
  },
  'entries of lists are lost': {
    scenario: clerk,
    plant: inCommits(({ appends }) => ({
      appends: appends.filter(({ entry }) => (entry as { role?: string }).role !== 'tool'),
    })),
    says: /paired: the call .* has no result/,
  },
  'the end of an actor is not stored': {
    scenario: counting,
    plant: inCommits(({ actor }) => (actor.startsWith('giver') ? { status: 'active' } : {})),
    says: /^terminal: giver\S* is still alive, in done/,
  },
  'a failed commit is taken for stored': {
    scenario: counting,
    plant: inJournal((journal) => ({ commit: (commit) => journal.commit(commit).catch(() => {}) })),
    says: /^it stands still: counter\/sim is in counting/,
  },
  'recovery forgets sent messages': {
    scenario: counting,
    plant: inJournal(() => ({ undelivered: async () => [] })),
    says: /: it counted [0-4]$/,
  },
  'delivered messages are never settled': {
    scenario: counting,
    plant: inJournal(() => ({ settle: () => {} })),
    says: /terminal: .* was never delivered/,
  },
  'the inbox is not polled': {
    scenario: clerk,
    plant: inJournal(() => ({ mail: async () => [] })),
    says: /^it stands still: agent\/sim is in /,
    seeds: { seed: 1, seeds: 2 },
  },
  'a lost lease is renewed': {
    scenario: clerk,
    plant: inJournal(() => ({ renew: async () => true })),
    says: /performed again under .*, whose result was in the ledger \(E5\)/,
    seeds: { seed: 1, seeds: 1_500 },
  },
  'messages are taken and dropped': {
    scenario: counting,
    plant: () => ({
      transport: (transport) => {
        let sent = 0;
        return { ...transport, send: async (envelope) => (++sent % 4 === 0 ? undefined : transport.send(envelope)) };
      },
    }),
    says: /: it counted [0-4]$/,
  },
  'messages are acknowledged before their commit': {
    scenario: counting,
    plant: () => ({
      transport: (transport) => ({
        ...transport,
        send: async (envelope) => void transport.send(envelope).catch(() => {}),
      }),
    }),
    says: /: it counted [0-4]$/,
  },
  'no message is sent': {
    scenario: counting,
    plant: inClass(() => vi.spyOn(OutboxRelay.prototype, 'send').mockReturnValue()),
    says: /^it stands still: counter\/sim is in counting/,
    seeds: { seed: 1, seeds: 3 },
  },
  'a process that lost a run still sends its messages': {
    scenario: counting,
    plant: inClass(() => vi.spyOn(OutboxRelay.prototype, 'release').mockReturnValue()),
    says: /^inOrder: .* was handled after/,
    seeds: { seed: 1, seeds: 3_000 },
  },
  'a process that was paused still takes the run for its own': {
    scenario: clerk,
    plant: inClass(() => vi.spyOn(Leases.prototype, 'isCurrent').mockReturnValue(true)),
    says: /performed again under .*, whose result was in the ledger \(E5\)/,
    seeds: { seed: 1, seeds: 1_500 },
  },
  'timers never fire': {
    scenario: counting,
    plant: inClass(() => vi.spyOn(Timers.prototype, 'set').mockReturnValue()),
    says: /^it stands still: counter\/sim is in counting/,
    seeds: { seed: 1, seeds: 3 },
  },
  'timers fire at once': {
    scenario: counting,
    plant: inClass(() => {
      const { set } = Timers.prototype;
      vi.spyOn(Timers.prototype, 'set').mockImplementation(function (this: Timers, key, _due, address) {
        set.call(this, key, 0, address);
      });
    }),
    says: /punctual: the timer .* rang \d+ ms early/,
    seeds: { seed: 1, seeds: 5 },
  },
  'timers fire a millisecond early': {
    scenario: counting,
    plant: inClass(() => {
      const { set } = Timers.prototype;
      vi.spyOn(Timers.prototype, 'set').mockImplementation(function (this: Timers, key, due, address) {
        set.call(this, key, due - 1, address);
      });
    }),
    says: /punctual: the timer .* rang 1 ms early/,
    seeds: { seed: 1, seeds: 20 },
  },
  'what has ended stays pending': {
    scenario: clerk,
    plant: inCommits(() => ({ closes: [] })),
    says: /once: .* took the end of .* twice/,
  },
  'mail is thrown away when it is posted': {
    scenario: clerk,
    plant: inJournal(() => ({ post: async () => {} })),
    says: /^acknowledged: the message .* was acknowledged and is gone/,
    seeds: { seed: 1, seeds: 40 },
  },
  'the usage of members is not charged': {
    scenario: newsroom,
    plant: inCommits(({ actor, status, snapshot }) =>
      actor.startsWith('writer/') && status === 'done' ? { snapshot: unpaid(snapshot) } : {},
    ),
    says: /conserved: run\/sim paid for/,
  },
};

function unpaid(snapshot: Commit['snapshot']): Commit['snapshot'] {
  const copy = structuredClone(snapshot) as { state: { output: { usage: { steps: number } } } };
  copy.state.output.usage.steps = 0;
  return copy;
}

/** Each step is stored by itself: then every message travels, and every promise is needed. */
const byStep = ({
  journal = (inner) => inner,
  ...parts
}: ReturnType<Mutant['plant']>): ReturnType<Mutant['plant']> => ({
  ...parts,
  journal: (inner) => stepByStep(journal(inner)),
});

test.each(Object.entries(mutants))('%s', async (_, { scenario, plant, says, seeds }) => {
  const parts = byStep(plant());
  const { seed: first, seeds: count } = seeds ?? { seed: 1, seeds: 150 };
  const found: string[] = [];
  for (let seed = first; seed < first + count && found.length === 0; seed++) {
    const { failures } = await simulate(scenario, { ...parts, seed, seeds: 1, shrink: false });
    found.push(...failures.flatMap(({ problems }) => problems).filter((problem) => says.test(problem)));
  }
  expect(found).not.toEqual([]);
});

/** The simulator runs units as well: with each of these faults in them it must report a violation. */
const unitMutants: Record<string, Mutant> = {
  'a unit is carried out before it is stored': {
    scenario: newsroom,
    plant: inClass(() => {
      const { extend } = Unit.prototype;
      vi.spyOn(Unit.prototype, 'extend').mockImplementation(function (this: Unit, include) {
        extend.call(this, include);
        this.finish();
      });
    }),
    says: /performed under .*, which no commit asked for \(E2\)/,
  },
  'a message that a unit takes in is lost': {
    scenario: counting,
    plant: inClass(() => {
      const { extend } = Unit.prototype;
      vi.spyOn(Unit.prototype, 'extend').mockImplementation(function (this: Unit) {
        extend.call(this, () => true);
      });
    }),
    says: /^it stands still: counter\/sim is in counting/,
  },
};

test.each(Object.entries(unitMutants))('in units: %s', async (_, { scenario, plant, says }) => {
  const parts = plant();
  const found: string[] = [];
  for (let seed = 1; seed < 150 && found.length === 0; seed++) {
    const { failures } = await simulate(scenario, { ...parts, seed, seeds: 1, shrink: false });
    found.push(...failures.flatMap(({ problems }) => problems).filter((problem) => says.test(problem)));
  }
  expect(found).not.toEqual([]);
});
