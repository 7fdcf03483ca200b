/** A start while the servers of a cluster elect a leader. */
import { expect, test } from 'vitest';
import { virtualClock } from 'troupe/testing';
import { acrossElection } from '../../src/nats/acrossElection.ts';
import { TroupeError } from '../../src/values/failure.ts';

/** Servers that say at once that they cannot, for so many milliseconds. `retryable`: what they say of a later attempt. */
function electing(time: number, { isCluster = true, retryable = true } = {}) {
  const clock = virtualClock();
  const began = clock.now();
  const start = acrossElection(clock, isCluster, async () => {
    if (clock.now() < began + time) throw new TroupeError('environment', 'No leader.', { retryable });
    return clock.now() - began;
  });
  const pass = async () => {
    for (let passed = 0; passed < 30_000; passed += 100) {
      clock.advance(100);
      await new Promise((turn) => setImmediate(turn));
    }
  };
  return Promise.all([start.catch((thrown: Error) => thrown.message), pass()]).then(([came]) => came);
}

test('a start waits for twenty seconds, also when the servers refuse it at once', async () => {
  expect(await electing(15_000)).toBeGreaterThanOrEqual(15_000);
  expect(await electing(25_000)).toBe('No leader.');
});

test('a server that is alone, and what a later attempt does not change, is told at once', async () => {
  expect(await electing(1_000, { isCluster: false })).toBe('No leader.');
  expect(await electing(1_000, { retryable: false })).toBe('No leader.');
});
