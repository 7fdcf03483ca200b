/** Many runs at once: timers and sockets of the process have their turn throughout, whatever journal is used. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { agent, openRuntime, tool, type Model } from 'troupe';
import { systemClock } from '../../src/engine/clock.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { memoryStore } from '../../src/journal/shared/memoryStore.ts';
import { shared } from '../../src/journal/shared/shared.ts';

const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 };

/** A model that answers at once: it calls a tool twice, and then says so. */
const quickModel: Model = {
  id: 'test:quick',
  async *stream({ messages }) {
    const turn = (messages.length - 1) / 2;
    if (turn < 2) yield { type: 'call', call: { id: `c${turn}`, name: 'add', input: { n: turn } } };
    else yield { type: 'text', text: 'done' };
    yield { type: 'finish', reason: turn < 2 ? 'calls' : 'stop', usage, model: 'test:quick' };
  },
};
const adder = agent({
  name: 'adder',
  model: quickModel,
  tools: [
    tool({
      name: 'add',
      description: 'adds',
      effect: 'read',
      input: z.object({ n: z.number() }),
      output: z.string(),
      run: async () => 'added',
    }),
  ],
});

const inFile = () => join(mkdtempSync(join(tmpdir(), 'troupe-loop-')), 'j.db');
const overStore = (): Journal => shared({ store: memoryStore({ clock: systemClock() }), clock: systemClock() });

test.each([
  ['memory', async () => ({ db: 'memory' })],
  ['a file', async () => ({ db: inFile() })],
  ['a shared journal', async () => ({ journal: overStore() })],
])('while two hundred and forty runs go on in %s, a timer of 10 ms ticks throughout', async (...[, options]) => {
  await using runtime = await openRuntime(await options());
  let commits = 0;
  let sinceTick = 0;
  let most = 0;
  using _ = runtime.observe(({ type }) => {
    if (type !== 'commit') return;
    commits++;
    most = Math.max(most, ++sinceTick);
  });
  const timer = setInterval(() => (sinceTick = 0), 10);
  const outcomes = await Promise.all(
    Array.from({ length: 240 }, async () => (await runtime.start(adder, 'go')).outcome()),
  );
  clearInterval(timer);
  expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['done']));
  expect(commits).toBeGreaterThan(1_500);
  // How many it is depends on the machine; without a turn for timers it would be all of them.
  expect(most).toBeLessThan(commits / 3);
});
