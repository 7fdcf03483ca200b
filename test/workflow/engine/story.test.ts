/** A workflow with every kind of step, from its start to its end. */
import { expect, test } from 'vitest';
import { testRuntime } from 'troupe/testing';
import { story } from './story.ts';
import { outputIn } from './world.ts';

test('a workflow with every kind of step ends with the outputs of its steps, and people are told of what waits for them', async () => {
  await using runtime = await testRuntime();
  const { clock } = runtime;
  const { subject, input, world, answer } = story(
    () => new Promise((done) => void clock.wake(clock.now() + 60_000, () => done())),
  );
  const handle = await runtime.start(subject, input);
  await runtime.settle();
  const [approval] = await runtime.tickets();
  expect(approval?.question).toMatch(/^May pay/);
  // The webhook with `on: approval` has been sent before anybody has answered.
  expect([...world.received.values()]).toEqual([
    {
      run_id: handle.id,
      step_id: 'plan',
      tool_name: 'pay',
      tool_use_id: 'c1',
      arguments: { to: 'ada' },
      status: 'pending',
    },
  ]);
  for (let round = 0; round < 10; round++) {
    for (const ticket of await runtime.tickets()) await runtime.answer(ticket.id, answer(ticket));
    await runtime.advance('10s');
  }
  expect(outputIn(await handle.outcome())).toEqual({
    names: ['a', 'b', 'broken', 'c'].map((name) => ({ name })),
    each: [
      { text: 'write a' },
      { text: 'write b' },
      { ktsu_error: 'The model cannot do this.', item_index: 2 },
      { text: 'write c' },
    ],
    post: Array.from({ length: 4 }, () => ({ sent: true, status_code: 200 })),
    sub: { text: 'write inner 3' },
    ask: { right: true },
    slow: 'timeout',
    never: { skipped: true, reason: 'condition_false' },
  });
  expect(world.notes).toEqual([
    ['note', { of: 'plan' }],
    ['pay', { to: 'ada' }],
  ]);
  // One broken item was tried twice; no other one was repeated.
  expect(world.asked).toBe(2 + 5 + 1);
});
