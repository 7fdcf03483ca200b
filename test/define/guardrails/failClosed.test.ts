/** Guardrails fail closed: when a check itself fails, nothing passes. */
import { expect, test } from 'vitest';
import { guarded, guardrails } from 'troupe';
import { clerk, outcomeOf, rejection, outcomeBehind } from './guarded.ts';
import { longLivedRun } from './longLived.ts';

const { guardrail, output } = guardrails;
const boom = () => {
  throw new Error('boom');
};
const hang = () => new Promise<boolean>(() => {});

test.each([
  ['throws', boom, /broke, so nothing is let through: .*boom/],
  ['rejects', () => Promise.reject(new Error('boom')), /broke.*boom/],
  ['never answers', hang, /no answer within 30000 ms/],
  ['answers nothing', () => undefined as never, /neither yes nor no.*nothing/],
  ['answers with something else', () => ({ fine: true }) as never, /neither yes nor no.*object/],
  ['answers with an unknown kind', () => ({ reason: 'x', kind: 'whatever' }) as never, /neither yes nor no/],
])('a check that %s rejects the task, before and after the work', async (_, check, reason) => {
  for (const stage of ['pre', 'mid', 'post'] as const)
    expect(await outcomeBehind([guardrail({ name: 'mine', [stage]: check })])).toMatchObject(
      rejection('mine', stage, 'denied', reason),
    );
});

test.each([
  ['throws', boom],
  ['rejects', () => Promise.reject(new Error('boom'))],
  ['never answers', hang],
  ['answers nothing', () => undefined as never],
])('a check of the stream that %s stops the stream', async (_, stream) => {
  expect(await outcomeBehind([guardrail({ name: 'mine', stream })])).toMatchObject(
    rejection('mine', 'stream', 'denied', /nothing is let through|neither yes nor no/),
  );
});

test('the time limit of a check is the one that its guardrail sets', async () => {
  await using run = await longLivedRun([guardrail({ name: 'slow', limit: '2s', pre: hang })]);
  expect(await run.give('1')).toBeUndefined();
  await run.runtime.advance('1900ms');
  expect(await run.answers()).toEqual([]);
  await run.runtime.advance('100ms');
  expect((await run.answers())[0]!.output).toMatchObject(rejection('slow', 'pre', 'denied', /within 2000 ms/));
});

test('a rejection has a kind, and the time after which to try again', async () => {
  const busy = guardrail({ name: 'busy', pre: () => ({ reason: 'full', kind: 'transient', retryAfter: 5_000 }) });
  expect(await outcomeBehind([busy])).toMatchObject({
    failure: { kind: 'transient', retryable: true, retryAfter: 5_000, data: { refusedBy: 'busy', reason: 'full' } },
  });
});

test('a check during the work can stop it', async () => {
  let asked = 0;
  const open = guardrail({ name: 'hours', mid: () => ++asked < 3 || 'closing time', every: '1m' });
  const { outcome } = await outcomeOf(guarded(clerk([{ hang: true }]), [open]));
  expect(outcome).toMatchObject(rejection('hours', 'mid', 'denied', /closing time/));
  expect(asked).toBe(3);
});

test('when a nested guardrail crashes, tasks are rejected until a person resets it', async () => {
  await using run = await longLivedRun([output([/never/]), guardrail({ name: 'mine', pre: () => true })]);
  expect(await run.give('0')).toMatchObject({ status: 'completed' });
  await run.signal('mine', { type: 'guardrail.stop', reason: 'gone' });
  expect(await run.breakerStateOf('output')).toBe('tripped.asking');
  expect(await run.give('1')).toMatchObject(rejection('output', 'pre', 'denied', /tripped.*"mine".*gone/));
  await run.signal('output', { type: 'guardrail.reset' });
  expect(await run.give('2')).toMatchObject({ status: 'completed' });
});
