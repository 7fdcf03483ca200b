/** An agent under test: a scripted model, a clock that the test advances, and a person who answers late. Nothing sleeps, and nothing is left on disk. */
import assert from 'node:assert/strict';
import { agent, tool } from 'troupe';
import { scriptedModel, testRuntime } from 'troupe/testing';
import { z } from 'zod';

const paid: number[] = [];
const pay = tool({
  name: 'pay',
  description: 'Pays an invoice.',
  effect: 'write',
  approval: true,
  input: z.object({ amount: z.number() }),
  output: z.string(),
  run: ({ amount }) => (paid.push(amount), 'paid'),
});
const clerk = () =>
  agent({
    name: 'clerk',
    tools: [pay],
    model: scriptedModel(({ messages }) => {
      const last = messages.at(-1)!;
      if (last.role !== 'tool') return { calls: [{ name: 'pay', input: { amount: 40 } }] };
      return { text: last.results[0]!.ok ? 'Paid.' : 'Nobody agreed, so I did not pay.' };
    }),
  });

const runtime = await testRuntime();

// A person agrees after eleven hours.
const first = await runtime.start(clerk(), 'Pay the invoice.');
await runtime.advance('11h');
const [ticket] = await runtime.tickets(first.id);
assert.equal(ticket!.deadline - runtime.clock.now(), 60 * 60_000, 'an hour is left');
await runtime.answer(ticket!.id, { approved: true }, 'Grace');
assert.deepEqual(await first.outcome().then(({ status }) => status), 'done');
assert.deepEqual(paid, [40]);

// No person answers: after twelve hours the ticket expires, which counts as a refusal.
const second = await runtime.start(clerk(), 'Pay the invoice.');
await runtime.advance('12h');
const outcome = await second.outcome();
assert.equal(outcome.status === 'done' && outcome.output, 'Nobody agreed, so I did not pay.');
assert.deepEqual(paid, [40]);

// The commits of the run: the states that the second clerk passed through.
const states = runtime.seen.flatMap((event) =>
  event.type === 'commit' && event.actor === second.root ? [event.state] : [],
);
assert.ok(states.length > 2);
await runtime.close();
console.log(`A day of waiting, in no time: ${runtime.seen.length} events, ${states.length} steps of the second clerk.`);
