import { agent, tool } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { z } from 'zod';

const handbook = ['Every employee has 30 days of leave.', 'Lunch is at noon.'];

const search = tool({
  name: 'search', description: 'Finds the lines of the handbook that contain a word.', effect: 'read',
  input: z.object({ word: z.string() }), output: z.array(z.string()),
  run: ({ word }) => handbook.filter((line) => line.includes(word)),
});

const mail = tool({
  name: 'mail', description: 'Sends a mail.', effect: 'write', approval: true,
  input: z.object({ to: z.string(), text: z.string() }), output: z.object({ sent: z.boolean() }),
  run: ({ to, text }) => { console.error(`mail to ${to}: ${text}`); return { sent: true }; },
});

// Replaces a model: the answer depends only on how long the conversation is.
const script = scriptedModel(({ messages }) => [
  { calls: [{ name: 'search', input: { word: 'leave' } }] },
  { calls: [{ name: 'mail', input: { to: 'ada@example.org', text: handbook[0]! } }] },
  { text: 'Ada has her answer.' },
][(messages.length - 1) / 2]!);

export default agent({
  name: 'clerk', instructions: 'Answer questions from the handbook, by mail.',
  model: process.env.TROUPE_MODEL ?? script, tools: [search, mail],
});
