/** What is behind slow work waits for it, and no longer. */
import { expect, test } from 'vitest';
import { Ordering } from '../../../src/transport/nats/ordering.ts';
import { deferred } from '../../deferred.ts';

test('a third message does not overtake the second, also when the first is done before it comes', async () => {
  const ordering = new Ordering();
  const did: string[] = [];
  const [first, second] = [deferred<void>(), deferred<void>()];
  const slow = (name: string, work: Promise<void>) =>
    ordering.inOrder('a', 'b', async () => {
      await work;
      did.push(name);
    });
  const begun = [slow('first', first.promise), slow('second', second.promise)];
  first.resolve();
  await begun[0];
  await Promise.resolve();
  await Promise.resolve();
  const third = ordering.inOrder('a', 'b')?.then(() => did.push('third'));
  second.resolve();
  await third;
  expect(did).toEqual(['first', 'second', 'third']);
});

test('once the slow work is done, or has failed, nothing waits any more', async () => {
  const ordering = new Ordering();
  for (const work of [async () => {}, () => Promise.reject(new Error('It broke off.'))]) {
    await ordering.inOrder('a', 'b', work)?.catch(() => {});
    await new Promise((resolve) => setImmediate(resolve));
    expect(ordering.inOrder('a', 'b')).toBeUndefined();
  }
});
