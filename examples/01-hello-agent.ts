/** One agent, one question. No API key is needed: a scripted model answers. Replace it with 'anthropic:claude-…' for a real one. */
import assert from 'node:assert/strict';
import { agent, run } from 'troupe';
import { scriptedModel } from 'troupe/testing';

const greeter = agent({
  name: 'greeter',
  instructions: 'Greet people by name, in one short sentence.',
  model: scriptedModel([{ text: 'Hello Ada, welcome to the company!' }]),
});

const answer = await run(greeter, 'Please greet Ada.', { db: 'memory' });

console.log(answer);
assert.equal(answer, 'Hello Ada, welcome to the company!');
