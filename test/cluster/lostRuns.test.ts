/** A node that was taken for dead while it lived: its runs go on elsewhere, it says so once, and goes on taking runs. */
import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { machine, openRuntime } from 'troupe';
import { Placement } from '../../src/cluster/placement.ts';
import { NodeRuns } from '../../src/cluster/runs.ts';
import { memory } from '../../src/journal/memory/memory.ts';
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
  const offer = { name: 'gate', runnable: gate, definitionFor: () => gate };
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
  const offer = { name: 'gate', runnable: otherGate, definitionFor: () => otherGate };
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
