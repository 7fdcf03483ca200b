/** `testRuntime`: a virtual clock, and machines that must be pure. */
import { expect, test, vi } from 'vitest';
import { assign, setup } from 'xstate';
import { z } from 'zod';
import { agent, machine, tool } from 'troupe';
import { scriptedModel, testRuntime } from 'troupe/testing';
import { clerk, desk } from './subjects.ts';

test('an approval that is not given expires at its deadline, without real waiting', async () => {
  await using runtime = await testRuntime();
  const mail = tool({
    name: 'mail',
    description: 'Sends.',
    effect: 'write',
    approval: true,
    input: z.object({}),
    output: z.null(),
    run: () => null,
  });
  const clerk = agent({
    name: 'clerk',
    tools: [mail],
    model: scriptedModel([{ calls: [{ name: 'mail', input: {} }] }, { text: 'Nobody answered.' }]),
  });
  const run = await runtime.start(clerk, 'Mail Ada.');
  await runtime.settle();
  expect(await runtime.tickets()).toMatchObject([{ question: expect.stringContaining('mail') as string }]);
  await runtime.advance('11h');
  expect(await runtime.tickets()).toHaveLength(1);
  await runtime.advance('2h');
  expect(await run.outcome()).toMatchObject({ status: 'done', output: 'Nobody answered.' });
});

test.each([
  ['an agent that waits for a person', clerk],
  ['a team that has ended', desk],
])('eleven hours of %s are as long as what becomes due in them', async (_, scenario) => {
  const { subject, input } = scenario();
  await using runtime = await testRuntime();
  await runtime.start(subject, input);
  await runtime.settle();
  const moved = vi.spyOn(runtime.clock, 'advance');
  await runtime.advance('11h');
  // To what one actor or another has to do at some time, never to what a lease or a poll has to do every few seconds.
  expect(moved.mock.calls.length).toBeLessThan(10);
  expect(runtime.clock.now()).toBeGreaterThanOrEqual(1_700_000_000_000 + 11 * 3_600_000);
});

const reaching = (reach: () => unknown) =>
  machine(
    setup({
      types: {} as { context: { got: unknown }; events: { type: 'go' } },
      actions: { reach: assign({ got: () => reach() }) },
    }).createMachine({ id: 'reaching', context: { got: null }, on: { go: { actions: 'reach' } } }),
  );

test.each([
  ['Date.now()', () => Date.now()],
  ['new Date()', () => new Date().toISOString()],
  ['Math.random()', () => Math.random()],
  ['crypto.randomUUID()', () => crypto.randomUUID()],
  ['setTimeout()', () => Boolean(setTimeout(() => {}, 1))],
  ['fetch()', () => Boolean(fetch('http://127.0.0.1:1'))],
])('a machine that uses %s fails, and the failure names the place', async (what, reach) => {
  await using runtime = await testRuntime();
  const run = await runtime.start(reaching(reach), null);
  await runtime.signal(run.root, { type: 'go' });
  await runtime.settle();
  const broken = runtime.seen.find((event) => event.type === 'restarted');
  expect(broken).toMatchObject({ failure: { kind: 'definition' } });
  const { message } = broken!.failure;
  expect(message).toContain(`The machine "reaching" reached for ${what}.`);
  expect(message).toMatch(/test\/testing\/runtime\.test\.ts:\d+:\d+/);
});

test('the global functions are restored after a step, whether it was pure or not', async () => {
  await using runtime = await testRuntime();
  const run = await runtime.start(
    reaching(() => Date.UTC(2026, 1, 1) + new Date(0).getTime()),
    null,
  );
  await runtime.signal(run.root, { type: 'go' });
  expect(new Date().getTime()).toBeGreaterThan(Date.UTC(2026, 0, 1));
  expect(runtime.seen.at(-1)).toMatchObject({ type: 'commit', context: { got: Date.UTC(2026, 1, 1) } });
});

test('the same seed gives the same random numbers and ids', async () => {
  const ids = async (seed: number) => {
    await using runtime = await testRuntime({ seed });
    const run = await runtime.start(
      reaching(() => 1),
      null,
    );
    return [run.id, runtime.clock.random()];
  };
  expect(await ids(7)).toEqual(await ids(7));
  expect(await ids(7)).not.toEqual(await ids(8));
});
