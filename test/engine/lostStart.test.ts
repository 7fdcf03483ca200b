/** A run is started when its beginning is stored: who loses the run before that is not told that it goes on. */
import { expect, test } from 'vitest';
import { machine } from 'troupe';
import { virtualClock } from 'troupe/testing';
import { setup } from 'xstate';
import { memory } from '../../src/journal/memory/memory.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { openRuntime } from '../../src/runtime/runtime.ts';
import { inProcess } from '../../src/transport/inProcess.ts';
import { TroupeError } from '../../src/values/failure.ts';

const gate = machine(
  setup({}).createMachine({
    id: 'gate',
    initial: 'shut',
    states: { shut: { on: { push: 'open' } }, open: { type: 'final' } },
  }),
);

/** A runtime whose journal stores no commit. */
async function world() {
  const clock = virtualClock();
  const inner = memory();
  const journal: Journal = {
    ...inner,
    commit: () => Promise.reject(new TroupeError('storage', 'The server is away.')),
  };
  const runtime = await openRuntime({ journal, transport: inProcess(), clock, env: {} });
  const settle = async () => {
    for (let step = 0; step < 200; step++) {
      clock.advance(100);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { clock, inner, runtime, settle };
}
const notStored = {
  kind: 'storage',
  retryable: true,
  message: expect.stringMatching(/not known to be stored/) as string,
};

test('a start that loses its lease while the journal is away is rejected', async () => {
  const { clock, inner, runtime, settle } = await world();
  const started = runtime.start(gate, null, { key: 'k' });
  const rejected = expect(started).rejects.toMatchObject(notStored);
  await new Promise((resolve) => setImmediate(resolve));
  await inner.claim('k', 'other', { now: clock.now() + 1e6, ttl: 1e6 });
  await settle();
  await rejected;
  expect(await inner.find({ run: 'k' })).toEqual([]);
  await runtime.close();
});

test('a start whose process closes while the journal is away is rejected', async () => {
  const { runtime, settle } = await world();
  const started = runtime.start(gate, null, { key: 'k' });
  const rejected = expect(started).rejects.toMatchObject({ name: 'TroupeError' });
  await new Promise((resolve) => setImmediate(resolve));
  const closed = runtime.close();
  await settle();
  await closed;
  await rejected;
});
