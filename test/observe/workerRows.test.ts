/** Progress in plain words: who does what with which tool, and what was said. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { agent, asTool, openRuntime, pipeline, tool, type Json, type Runnable } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { progress } from '../../src/observe/progress.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { textStream } from './inspections.ts';

const lookUp = tool({
  name: 'look_up',
  description: 'Looks a thing up.',
  effect: 'read',
  input: z.looseObject({ what: z.string() }),
  output: z.string(),
  run: ({ what }) => (what === 'fire' ? Promise.reject(new Error('Too hot.')) : `All about ${what}.\nAnd more.`),
});

/** The lines that a run writes into a pipe, without their times. */
async function linesOf(subject: Runnable, input: Json, options: { verbose?: boolean; key?: string } = {}) {
  const out = textStream();
  const { verbose = false, key = 'r1' } = options;
  const shown = progress(out, { clock: virtualClock(), name: subject.name, verbose });
  const runtime = await openRuntime({ db: 'memory', observers: [shown.observe] });
  const run = await runtime.start(subject, input, { key });
  await run.outcome({ returnWhenWaiting: true });
  await runtime.close();
  return out.lines().map((line) => line.replace(/^\S+ {2}/, ''));
}
const clerkWith = (input: Json, text = 'Tea is a leaf.') =>
  agent({
    name: 'clerk',
    tools: [lookUp],
    model: scriptedModel([{ text: 'I look it up. ', calls: [{ name: 'look_up', input }] }, { text }]),
  });

test('each line names the agent, what it says, the tool with its arguments, and how it ended', async () => {
  expect(await linesOf(clerkWith({ what: 'tea' }), 'What is tea?')).toEqual([
    'clerk  thinks',
    'clerk  says: I look it up.',
    'clerk  calls look_up {"what":"tea"}',
    'clerk  look_up answered: All about tea. And more.',
    'clerk  thinks  1 turn, 15 tokens, $0',
    'clerk  says: Tea is a leaf.',
    expect.stringMatching(/^clerk {2}has ended well {2}2 turns, \d+ tokens, \$0$/),
  ]);
});

test('a tool that fails says why', async () => {
  expect(await linesOf(clerkWith({ what: 'fire' }), 'What is fire?')).toContainEqual(
    expect.stringMatching(/^clerk {2}look_up failed: .*Too hot\./),
  );
});

test('arguments, results and what was said are cut, at whole characters', async () => {
  const lines = await linesOf(clerkWith({ what: '🍵'.repeat(200) }, `${'word '.repeat(100)}end`), 'Talk.');
  const long = lines.filter((line) => /calls|answered|says: word/.test(line));
  expect(long).toHaveLength(3);
  for (const line of long) {
    expect(line).toMatch(/…$/);
    expect(Array.from(line).length).toBeLessThan(120);
    expect(line.isWellFormed()).toBe(true);
  }
});

test.each(['password', 'apiKey', 'api_token', 'Authorization', 'clientSecret'])(
  'the value of an argument called %s is not shown',
  async (name) => {
    const lines = await linesOf(
      clerkWith({ what: 'tea', [name]: 'hunter2-hunter2', deep: [{ [name]: 'hunter2-hunter2' }] }),
      'Go.',
    );
    expect(lines.join('\n')).not.toContain('hunter2');
    expect(lines.join('\n')).toContain('[redacted]');
  },
);

test('leasing, routing and listing are shown only when everything is asked for', async () => {
  const say = (name: string, text: string) => agent({ name, model: scriptedModel([{ text }]) });
  const desk = () =>
    pipeline({ name: 'desk', stages: [say('writer', 'Draft.'), say('editor', 'Final.')], budget: { steps: 9 } });
  const words = await linesOf(desk(), 'Write.');
  expect(words.map((line) => line.split('  ')[0])).toEqual(expect.arrayContaining(['writer', 'editor', 'desk']));
  const machinery = /leasing|routing|listing|treasurer|tool-call/;
  expect(words.filter((line) => machinery.test(line))).toEqual([]);
  expect((await linesOf(desk(), 'Write.', { verbose: true })).join('\n')).toMatch(machinery);
});

test('an agent that is called like a tool is shown under its own name', async () => {
  const helper = agent({ name: 'helper', model: scriptedModel([{ text: 'Helped.' }]) });
  const boss = agent({
    name: 'boss',
    tools: [asTool(helper, { description: 'Helps.' })],
    model: scriptedModel([{ calls: [{ name: 'helper', input: { task: 'Help.' } }] }, { text: 'Done.' }]),
  });
  expect(await linesOf(boss, 'Go.')).toContain('helper  says: Helped.');
});

test('a question to a person is shown with the name of the agent that asks', async () => {
  const mail = tool({ ...mailOptions, run: () => 'sent' });
  const clerk = agent({
    name: 'clerk',
    tools: [mail],
    model: scriptedModel([{ calls: [{ name: 'mail', input: {} }] }]),
  });
  expect(await linesOf(clerk, 'Go.')).toContain('clerk  waits for a person: May mail be called with these arguments?');
});
const mailOptions = {
  name: 'mail',
  description: 'Sends.',
  effect: 'write',
  approval: true,
  input: z.object({}),
  output: z.string(),
} as const;

test('a model that fails is told in one sentence, without the names of effects', async () => {
  const clerk = agent({
    name: 'clerk',
    model: scriptedModel([{ error: { kind: 'auth', message: 'The key is wrong. Set OPENAI_API_KEY.' } }]),
  });
  const lines = await linesOf(clerk, 'Go.');
  expect(lines.join('\n')).toContain('The key is wrong. Set OPENAI_API_KEY.');
  expect(lines.join('\n')).not.toMatch(/callModel|effect\.failed/);
});
