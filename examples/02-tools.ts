/** An agent with a tool: typed input, typed output. Two calls in one turn run in parallel. */
import assert from 'node:assert/strict';
import { agent, run, tool } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { z } from 'zod';

const stock: Record<string, number> = { apples: 12, pears: 0 };

const count = tool({
  name: 'count',
  description: 'How many of something are in the store.',
  effect: 'read',
  input: z.object({ item: z.string() }),
  output: z.object({ left: z.number() }),
  run: ({ item }) => ({ left: stock[item] ?? 0 }),
});

const clerk = agent({
  name: 'clerk',
  instructions: 'Answer questions about the store. Look before you answer.',
  tools: [count],
  model: scriptedModel([
    {
      calls: [
        { name: 'count', input: { item: 'apples' } },
        { name: 'count', input: { item: 'pears' } },
      ],
    },
    // The script can look at what the tools returned, as a model would.
    ({ messages }) => ({ text: `We have: ${JSON.stringify(messages.at(-1))}` }),
  ]),
});

const answer = await run(clerk, 'Do we have apples and pears?', { db: 'memory' });

console.log(answer);
assert.match(answer, /12/);
assert.match(answer, /\\"left\\":0/);
