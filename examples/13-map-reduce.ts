/** Map-reduce: a task is split into items, each item gets a worker of its own, a limited number at a time, and their answers are combined into one. */
import assert from 'node:assert/strict';
import { agent, asTool, mapReduce, pipeline, run } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { z } from 'zod';

const reviewer = agent({
  name: 'reviewer',
  instructions: 'Say in one line what is wrong with this file.',
  model: scriptedModel(({ messages }) => {
    const [file] = messages;
    return { text: file?.role === 'user' && file.text.includes('eval(') ? 'runs what it is given' : 'fine' };
  }),
});

const Files = z.object({ files: z.array(z.object({ path: z.string(), text: z.string() })) });

/** Two at a time; the answers are in the order of the items, whichever worker was first. The team returns the result of `reduce`. */
const review = mapReduce({
  name: 'review',
  input: Files,
  split: ({ files }) => files.map(({ path, text }) => `${path}\n${text}`),
  map: reviewer,
  reduce: (findings, { files }) => files.map(({ path }, index) => ({ path, finding: findings[index] })),
  concurrency: 2,
});

const files = [
  { path: 'a.js', text: 'export const a = 1;' },
  { path: 'b.js', text: 'eval(input);' },
  { path: 'c.js', text: 'export const c = 3;' },
];
const findings = await run(review, { files }, { db: 'memory' });
console.log(findings);
assert.deepEqual(
  findings.map(({ finding }) => finding),
  ['fine', 'runs what it is given', 'fine'],
);

/** Teams nest: each line goes through a pipeline of its own, and the whole team is a tool of an agent, to which its usage is charged. */
const says = (name: string, what: (text: string) => string) =>
  agent({
    name,
    model: scriptedModel(({ messages: [task] }) => ({ text: task?.role === 'user' ? what(task.text) : '' })),
  });
const translation = mapReduce({
  name: 'translation',
  split: (text) => text.split('\n'),
  map: pipeline({
    name: 'line',
    stages: [says('draft', (text) => `${text}?`), says('polish', (text) => text.replace('?', '!'))],
  }),
  reduce: (lines) => lines.join('\n'),
});
const editor = agent({
  name: 'editor',
  tools: [asTool(translation, { description: 'Translates a text, line by line.' })],
  model: scriptedModel(({ messages }) => {
    const last = messages.at(-1)!;
    if (last.role === 'tool') return { text: last.results[0]!.content };
    return { calls: [{ name: 'translation', input: { value: 'good day\ngood night' } }] };
  }),
});
const text = await run(editor, 'Translate it.', { db: 'memory' });
console.log(text);
assert.equal(text, 'good day!\ngood night!');
