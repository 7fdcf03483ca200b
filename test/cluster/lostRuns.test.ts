/** A node that was taken for dead while it lived: its runs go on elsewhere, it says so once, and goes on taking runs. */
import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { machine, openRuntime, TroupeError } from 'troupe';
import { virtualClock } from 'troupe/testing';
import { Placement } from '../../src/cluster/placement.ts';
import { NodeRuns } from '../../src/cluster/runs.ts';
import type { RestingHandle } from '../../src/engine/restingRuns.ts';
import { memoryStore } from '../../src/journal/shared/memoryStore.ts';
import { shared } from '../../src/journal/shared/shared.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import { settle } from '../engine/testProcess.ts';
import { clock } from './testNodes.ts';

const gate = machine(
  setup({}).createMachine({ id: 'gate', initial: 'shut', states: { shut: { on: { push: 'open' } }, open: {} } }),
);

/** The same name, and no state that a stored run could be in. */
const otherGate = machine(setup({}).createMachine({ id: 'gate', initial: 'gone', states: { gone: {} } }));

/** A node's runs, on a journal that can end its leases. */
async function nodeWith(count: number) {
  const journal = memory();
  const runtime = await openRuntime({ journal, leaseTtl: 30, env: {} });
  const lines: string[] = [];
  const offer = { name: 'gate', runnable: gate };
  const runs = new NodeRuns(
    runtime,
    [offer],
    (line) => lines.push(line),
    () => {},
  );
  const ids = Array.from({ length: count }, (_, n) => `d${n}`);
  for (const key of ids) runs.watch('gate', await runtime.start(gate, null, { key }));
  const { renew, renewAll } = journal;
  return {
    runtime,
    runs,
    lines,
    ids,
    /** Another process has ended all leases of this one. */
    fence: () => Object.assign(journal, { renew: async () => false, renewAll: async () => 0 }),
    mend: () => Object.assign(journal, { renew, renewAll }),
    [Symbol.asyncDispose]: () => runtime.close(),
  };
}

test('a node that lost all its runs at once says so in one line, and can take them again', async () => {
  await using node = await nodeWith(20);
  node.fence();
  await expect.poll(() => node.runs.all.size).toBe(0);
  node.mend();
  node.runs.logLost();
  expect(node.lines).toEqual([
    expect.stringMatching(/^20 runs were taken over at once \(d\d+, d\d+, d\d+ and 17 more\): another process took/),
  ]);
  expect(node.runs.isSettled('d7')).toBe(false);
  await node.runs.take('d7', 'nobody has it');
  expect([...node.runs.all.keys()]).toEqual(['d7']);
  expect(node.lines.at(-1)).toBe('d7 is here now: nobody has it');
});

test('a single run that another process took over is named', async () => {
  await using node = await nodeWith(1);
  node.fence();
  await expect.poll(() => node.runs.all.size).toBe(0);
  node.runs.logLost();
  node.runs.logLost();
  expect(node.lines).toEqual(['d0 was taken over by another process']);
});

test('a run that the node released is not taken for lost', async () => {
  await using node = await nodeWith(2);
  await node.runs.release('d0', 0);
  await expect.poll(() => node.lines).toEqual(['d0 was released']);
  node.runs.logLost();
  expect(node.lines).toEqual(['d0 was released']);
});

test('where a run belongs is decided once, and again when the nodes are others', async () => {
  await using node = await nodeWith(3);
  expect([node.runs.nextUnplaced(2), node.runs.nextUnplaced(9), node.runs.nextUnplaced(9)]).toEqual([
    ['d0', 'd1'],
    ['d2'],
    [],
  ]);
  await node.runs.release('d1', 0);
  node.runs.placeAgain();
  expect(node.runs.nextUnplaced(9)).toEqual(['d0', 'd2']);
});

test('a run that cannot go on here is tried once, also when the free runs are being listed while it is tried', async () => {
  const journal = memory();
  await using runtime = await openRuntime({ journal, env: {} });
  await (await runtime.start(gate, null, { key: 'd0' })).park();
  const lines: string[] = [];
  const offer = { name: 'gate', runnable: otherGate };
  const runs = new NodeRuns(
    runtime,
    [offer],
    (line) => lines.push(line),
    () => {},
  );
  const report = {
    name: 'here',
    owner: runtime.owner,
    weight: 1,
    full: false,
    leaving: false,
    offers: [{ name: 'gate' }],
  };
  // Only what placement reads of a report and of the members.
  const membership = { members: [report] } as unknown as ConstructorParameters<typeof Placement>[0]['membership'];
  const placement = new Placement({
    name: 'here',
    journal,
    clock,
    membership,
    runs,
    isFull: () => false,
    handOver: async () => {},
  });
  const { claims, load } = journal;
  let endTry = () => {};
  const tried = new Promise<void>((resolve) => (endTry = resolve));
  Object.assign(journal, {
    // The list is made while this node has the run, and arrives after it was given back.
    claims: async (query: Parameters<typeof claims>[0]) => {
      const listed = await claims(query);
      await tried;
      return listed;
    },
    load: async (actor: string) => {
      placement.round();
      return load(actor);
    },
  });
  await expect(runs.take('d0', 'it was asked for')).rejects.toMatchObject({ kind: 'incompatible' });
  endTry();
  await placement.idle();
  Object.assign(journal, { claims, load });
  placement.round();
  await placement.idle();
  expect(lines.filter((line) => line.startsWith('d0 cannot go on here'))).toHaveLength(1);
});

/** A node at which a run rests that another process has begun. */
async function nodeAtRest(asks: typeof gate = gate) {
  const now = virtualClock();
  const store = memoryStore({ clock: now });
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 500) {
      now.advance(500);
      await settle();
    }
  };
  const opened = async () => {
    const journal = shared({ store: store.open(), clock: now });
    return { journal, runtime: await openRuntime({ journal, clock: now, env: {} }) };
  };
  const first = await opened();
  const started = first.runtime.start(gate, null, { key: 'r' });
  await pass(8_000);
  await (await started).park(0);
  await pass(2_000);
  const { journal, runtime } = await opened();
  const lines: string[] = [];
  const offer = { name: 'gate', runnable: gate, definitionFor: () => asks };
  const runs = new NodeRuns(
    runtime,
    [offer],
    (line) => lines.push(line),
    () => {},
  );
  const [lease] = await journal.claims({ expiredAt: now.now() });
  if (!lease?.rest) throw new Error('It is not listed as one that waits.');
  const offered = runs.offeredAtRest(lease.rest)!;
  await runs.rest('r', 'nobody has it', { epoch: lease.epoch, ...lease.rest }, offered);
  // It was not loaded.
  const handle = runs.all.get('r')!.handle as RestingHandle;
  return { runs, journal, lines, pass, handle };
}

test('a run that rests and cannot be given back now is not among the runs of the node', async () => {
  const { runs, journal } = await nodeAtRest();
  const { release } = journal;
  Object.assign(journal, { release: () => Promise.reject(new TroupeError('storage', 'the server is away')) });
  await expect(runs.release('r', 0)).rejects.toMatchObject({ kind: 'storage' });
  Object.assign(journal, { release });
  expect(runs.all.has('r')).toBe(false);
  expect(runs.isSettled('r')).toBe(false);
});

test('a run that is released in the moment in which it is woken is given back', async () => {
  const { runs, pass, handle, journal } = await nodeAtRest();
  const waking = handle.wake();
  const released = runs.release('r', 0);
  await pass(2_000);
  await Promise.all([waking, released]);
  await pass(1_000);
  expect(runs.all.has('r')).toBe(false);
  expect(await journal.claims({ run: 'r' })).toMatchObject([{ until: 0 }]);
});

test('a run whose definition does not fit any more is named when it is asked for, and not here any more', async () => {
  const { runs, lines } = await nodeAtRest(otherGate);
  expect(await runs.handleOf('r')).toBeUndefined();
  expect(runs.all.has('r')).toBe(false);
  runs.logLost();
  expect(lines.at(-1)).toMatch(/^r cannot go on here \(incompatible\): /);
});
