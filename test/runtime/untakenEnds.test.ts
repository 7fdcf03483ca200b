/** A child's failure that never came to its parent: nothing depends on it, so a retry begins the child again. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { agent, tool, TroupeError } from 'troupe';
import { scriptedModel, testRuntime } from 'troupe/testing';
import { memory } from '../../src/journal/memory/memory.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { deferred } from '../deferred.ts';

test('a call whose failure was stored after its run had failed at its deadline is made again by a retry', async () => {
  const journal = memory();
  const called: string[] = [];
  let isBroken = true;
  const look = tool({
    name: 'look',
    description: 'x',
    effect: 'write',
    idempotent: true,
    input: z.object({}),
    output: z.null(),
    run: (_, { key }) => {
      called.push(key);
      if (isBroken) throw new TroupeError('tool', 'It is broken.');
      return null;
    },
  });
  const subject = () =>
    agent({
      name: 'clerk',
      tools: [look],
      model: scriptedModel(({ messages }) =>
        messages.some(({ role }) => role === 'tool') ? { text: 'Seen.' } : { calls: [{ name: 'look', input: {} }] },
      ),
    });
  // The last commit of the call takes long.
  const { promise: isStored, resolve: store } = deferred<void>();
  const slow: Journal = {
    ...journal,
    commitAll: undefined as never,
    async commit(commit) {
      if (commit.type === 'tool-call' && commit.status === 'done') await isStored;
      return journal.commit(commit);
    },
  };
  await using first = await testRuntime({ journal: slow });
  const run = await first.start(subject(), 'Look.', { key: 'k', deadline: '10m' });
  await first.advance('11m');
  const ended = await run.outcome();
  store();
  await first.settle();
  expect(await journal.find({ type: 'tool-call' })).toMatchObject([{ status: 'done' }]);
  await first[Symbol.asyncDispose]();
  isBroken = false;
  expect(ended).toMatchObject({ status: 'failed' });
  await using next = await testRuntime({ journal });
  const retried = await next.retry('k', subject());
  const outcome = retried.outcome();
  await next.advance('1m');
  expect(await outcome).toMatchObject({ status: 'done' });
  expect(called).toHaveLength(2);
});
