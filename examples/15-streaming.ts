/** What an agent says and does, while it does it: text, tools and phases as a stream of events. The last one is the output. */
import assert from 'node:assert/strict';
import { agent, run, tool } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { z } from 'zod';

const weather = tool({
  name: 'weather',
  description: 'The weather in a town.',
  effect: 'read',
  input: z.object({ town: z.string() }),
  output: z.string(),
  run: ({ town }) => `Rain in ${town}.`,
});

const guide = agent({
  name: 'guide',
  instructions: 'Say what to wear.',
  tools: [weather],
  model: scriptedModel([
    { text: 'I look outside. ', calls: [{ name: 'weather', input: { town: 'Bergen' } }] },
    { text: 'Take a coat.' },
  ]),
});

const seen: string[] = [];
let answer = '';
for await (const event of run.stream(guide, 'What do I wear in Bergen?', { db: 'memory' })) {
  seen.push(event.type);
  if (event.type === 'text') process.stdout.write(event.text);
  if (event.type === 'tool.called')
    console.log(`\n[${event.name} calls ${event.tool}: ${JSON.stringify(event.input)}]`);
  if (event.type === 'done') answer = event.output;
}

assert.equal(answer, 'Take a coat.');
assert.ok(seen.includes('tool.answered') && seen.includes('phase'));
console.log(`\n${seen.length} events`);
