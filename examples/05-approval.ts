/** A person in the loop: a write waits for an approval, which is bound to the exact call and valid for one call only. */
import assert from 'node:assert/strict';
import { agent, openRuntime, tool } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { z } from 'zod';

const sent: string[] = [];

const mail = tool({
  name: 'mail',
  description: 'Sends a mail.',
  effect: 'write',
  approval: true,
  input: z.object({ to: z.string(), text: z.string() }),
  output: z.object({ sent: z.boolean() }),
  run({ to }) {
    sent.push(to);
    return { sent: true };
  },
});

const secretary = agent({
  name: 'secretary',
  instructions: 'Send mail when asked.',
  tools: [mail],
  model: scriptedModel([
    { calls: [{ name: 'mail', input: { to: 'ada@example.org', text: 'Lunch?' } }] },
    { text: 'Sent.' },
  ]),
});

const runtime = await openRuntime({ db: 'memory' });
const lunch = await runtime.start(secretary, 'Ask Ada to lunch.');

const waiting = await lunch.outcome({ returnWhenWaiting: true });
assert.equal(waiting.status, 'waiting');
const [ticket] = waiting.tickets;
console.log(ticket!.question);
assert.deepEqual(sent, [], 'nothing happens before the yes');

await runtime.answer(ticket!.id, { approved: true }, 'Grace');
const done = await lunch.outcome();
assert.equal(done.status, 'done');
assert.deepEqual(sent, ['ada@example.org']);

// The ticket is used up: a second answer is a conflict, not a second mail.
await assert.rejects(runtime.answer(ticket!.id, { approved: true }, 'Mallory'), { kind: 'conflict' });
console.log(done.output);
await runtime.close();
