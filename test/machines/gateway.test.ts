import { expect, test } from 'vitest';
import { gatewayMachine } from '../../machines/gateway.ts';
import type { AnyEventObject } from 'xstate';
import { play } from '../../src/testing/play.ts';
import { playEvents } from './playEvents.ts';

const settings = { threshold: 2, pause: 1_000, longest: 4_000 };
const fails = (at: number) => ({ type: 'call.failed', at });
const wants = (at: number) => ({ type: 'call.wanted', at });
const story = (...events: AnyEventObject[]) => play(gatewayMachine, settings, events);

test('while the breaker of a model is open, no call goes to it until the pause is over', () => {
  expect(story(fails(0), fails(0), wants(999), wants(1_000))).toEqual(['closed', 'closed', 'open', 'open', 'halfOpen']);
});

test('while one call tests whether the model is back, the next may go only after another pause of that length', () => {
  const lent = (at: number) =>
    playEvents(gatewayMachine, settings, [fails(0), fails(0), wants(1_000), wants(at)]).snapshot;
  expect(lent(1_999).context.until).toBe(2_000);
  expect(lent(2_000).context.until).toBe(3_000);
});

test('a call that succeeds while the breaker is open closes it', () => {
  expect(story(fails(0), fails(0), { type: 'call.succeeded' }).at(-1)).toBe('closed');
});
