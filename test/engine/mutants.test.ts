/** Tests of the crash and simulation tests: with each of these faults in the engine, they must report a violation. */
import { expect, test } from 'vitest';
import type { Envelope } from '../../src/contracts/envelope.ts';
import type { Journal, Pending, StoredActor } from '../../src/journal/journal.ts';
import { crashEverywhere } from '../../src/testing/crash/crashEverywhere.ts';
import type { ProcessParts } from '../../src/testing/world/crashPoints.ts';
import { overrideMethods } from '../../src/testing/world/intercept.ts';
import type { CrashOptions, MakeScenario } from '../../src/testing/crash/scenario.ts';
import { stepByStep } from './journals.ts';
import { pair, reference } from './reference.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import { Host } from '../../src/engine/host.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { inProcess } from '../../src/transport/inProcess.ts';
import { counting, writerType, rounds } from './scenarios.ts';

/** Each step is stored by itself, so that every message travels by itself, too. */
const withJournal = (parts: ProcessParts, over: Partial<Journal>): ProcessParts => ({
  ...parts,
  journal: stepByStep(overrideMethods(parts.journal, over)),
});
const loading = (parts: ProcessParts, change: (stored: StoredActor) => StoredActor): ProcessParts =>
  withJournal(parts, {
    load: async (actor) => {
      const stored = await parts.journal.load(actor);
      return stored && change(stored);
    },
  });

let processes = 0;
/** The commits whose second half is held back, by the clock of the run. */
const heldBack = new WeakMap<object, Map<string, Pending[]>>();

const mutants: Record<string, { fault: NonNullable<CrashOptions['fault']>; scenario: MakeScenario }> = {
  'no dedupe': {
    scenario: counting,
    fault: (parts) =>
      withJournal(parts, {
        commit: (commit) => parts.journal.commit({ ...commit, event: { ...commit.event, inbox: false } }),
        handled: async () => undefined,
      }),
  },
  'the outbox in a second write': {
    scenario: reference,
    fault: (parts, clock) => {
      const pendingRows = heldBack.get(clock) ?? new Map<string, Pending[]>();
      heldBack.set(clock, pendingRows);
      const faulty = withJournal(parts, {
        async commit(commit) {
          await parts.journal.commit({ ...commit, opens: [] });
          await parts.journal.find({ limit: 0 }); // Here the process can crash.
          pendingRows.set(commit.actor, [
            ...(pendingRows.get(commit.actor) ?? []).filter(({ key }) => !commit.closes.includes(key)),
            ...commit.opens,
          ]);
        },
        undelivered: async () =>
          [...pendingRows.values()]
            .flat()
            .flatMap(({ kind, data }) => (kind === 'message' ? [data as unknown as Envelope] : [])),
      });
      return loading(faulty, (stored) => ({ ...stored, pending: pendingRows.get(stored.actor) ?? [] }));
    },
  },
  'a new key for every attempt': {
    scenario: reference,
    fault: (parts) => {
      const processNumber = processes++;
      return loading(parts, (stored) => ({
        ...stored,
        pending: stored.pending.map((pending) =>
          pending.kind === 'effect' ? { ...pending, key: `${pending.key}~${processNumber}` } : pending,
        ),
      }));
    },
  },
  'timers in memory only': {
    scenario: reference,
    fault: (parts) =>
      loading(parts, (stored) => ({ ...stored, pending: stored.pending.filter(({ kind }) => kind !== 'timer') })),
  },
  'children that are not brought back': {
    scenario: pair,
    fault: (parts) =>
      loading(parts, (stored) => ({ ...stored, pending: stored.pending.filter(({ kind }) => kind !== 'child') })),
  },
  'a message that counts as delivered when it is sent': {
    scenario: pair,
    fault: (parts) => ({
      journal: stepByStep(parts.journal),
      transport: overrideMethods(parts.transport, {
        send: (envelope) => {
          parts.journal.settle(envelope.run, [envelope.id]);
          return parts.transport.send(envelope);
        },
      }),
    }),
  },
  'a commit that is acknowledged before it is on disk': {
    scenario: reference,
    fault: (parts) => {
      let disk = Promise.resolve();
      return withJournal(parts, {
        async commit(commit) {
          disk = disk
            .then(() => new Promise((later) => setImmediate(later)))
            .then(() => parts.journal.commit(commit))
            .catch(() => {});
        },
      });
    },
  },
  'acknowledged before the commit': {
    scenario: counting,
    fault: (parts) => ({
      journal: stepByStep(parts.journal),
      transport: overrideMethods(parts.transport, {
        listen: (address, receive) =>
          parts.transport.listen(address, async (envelope) => {
            setImmediate(() => void receive(envelope).catch(() => {}));
          }),
      }),
    }),
  },
};

test.each(Object.entries(mutants))('the crash test finds: %s', async (_, { fault, scenario }) => {
  const { violations } = await crashEverywhere(scenario, { fault, patience: 80 });
  expect(violations.length).toBeGreaterThan(0);
});

/** A process was frozen while another one took its run over: the effects that it performs after it continues. */
async function performedAfterFreeze(fault: (parts: ProcessParts) => ProcessParts): Promise<string[]> {
  const clock = virtualClock();
  const journal = memory();
  const performed: string[] = [];
  const startProcess = async (name: string) => {
    const parts = fault({ journal, transport: inProcess() });
    const host = new Host({ ...parts, clock, lease: { owner: name, alive: () => true, ttl: 1_000 }, poll: 1e9 });
    return { host, transport: parts.transport, type: writerType((what) => performed.push(`${name} ${what}`)) };
  };
  const frozen = await startProcess('frozen');
  const address = await frozen.host.start(frozen.type, { run: 'r', input: null });
  // The process is frozen: its lease expires before it renews it.
  const successor = await startProcess('successor');
  await journal.claim('r', 'successor', { now: clock.now() + 1_001, ttl: 1_000 });
  await frozen.transport
    .send({ id: 'm', type: 'do', body: { type: 'do' }, from: 'person/p', to: address, run: 'r', kind: 'signal' })
    .catch(() => {});
  for (let turn = 0; turn < 10; turn++) await new Promise((next) => setImmediate(next));
  frozen.host.abandon();
  successor.host.abandon();
  return performed;
}

test('a process whose run was taken over performs no effect', async () => {
  expect(await performedAfterFreeze((parts) => parts)).toEqual([]);
});

test('the test of a frozen process finds: no fencing', async () => {
  const epochs = (parts: ProcessParts) =>
    withJournal(parts, {
      commit: (commit) =>
        parts.journal.commit({ ...commit, epoch: 2 }).catch(() => parts.journal.commit({ ...commit, epoch: 1 })),
    });
  expect(await performedAfterFreeze(epochs)).not.toEqual([]);
});

test.each([
  ['counting', counting],
  ['rounds', rounds],
])('without a fault the crash test finds nothing: %s', async (_, scenario) => {
  expect((await crashEverywhere(scenario)).violations).toEqual([]);
});
