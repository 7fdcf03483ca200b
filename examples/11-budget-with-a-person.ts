/** A budget with a person: two members share it. When it is used up the run waits, and continues with what a person grants. */
import assert from 'node:assert/strict';
import { all, agent, openRuntime, protocol, team } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { z } from 'zod';

const Desk = protocol({
  question: { body: z.object({ about: z.string() }) },
  research: { body: z.object({ about: z.string() }), replies: ['finding'] },
  finding: { body: z.object({ text: z.string() }) },
  answer: { body: z.object({ findings: z.number() }) },
});

/** Gives an unusable answer `detours` times, each for ten cents, before it answers the question. */
const researcher = (name: string, detours: number) =>
  agent({
    name,
    protocol: Desk,
    handles: ['research'],
    model: scriptedModel(({ messages }) => {
      const tries = messages.filter(({ role }) => role === 'assistant').length;
      const usage = { usd: 0.1 };
      if (tries < detours) return { text: 'Let me think.', usage };
      return { calls: [{ name: 'answer_finding', input: { text: `${name} found it.` } }], usage };
    }),
  });

const desk = team({
  name: 'desk',
  protocol: Desk,
  members: { ada: researcher('ada', 3), bob: researcher('bob', 0) },
  accepts: 'question',
  returns: 'answer',
  budget: { usd: 0.35 },
  onExhausted: 'ask',
  route: {
    question: ({ body }, { to }) => all(to('ada', 'research', body), to('bob', 'research', body)),
    finding: (_, { count, finish }) => (count('finding') < 2 ? all() : finish({ findings: 2 })),
  },
});

const runtime = await openRuntime({ db: 'memory' });
const run = await runtime.start(desk, { about: 'actors' });

// Bob needed one step of his share and left the rest; Ada, who had more work, used that as well.
const waiting = await run.outcome({ returnWhenWaiting: true });
assert.equal(waiting.status, 'waiting');
const [ticket] = waiting.tickets;
console.log(ticket!.question);
console.log(ticket!.subject);

await runtime.answer(ticket!.id, { granted: { usd: 0.5 } }, 'Grace');
const done = await run.outcome();
assert.equal(done.status, 'done');
assert.ok(done.usage!.usd! < 0.85);
console.log(`Done for $${done.usage!.usd!.toFixed(2)}.`);
await runtime.close();
