/** Input to a working agent. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { agent, tool, TroupeError } from 'troupe';
import { scriptedModel, testRuntime } from 'troupe/testing';
import type { Message } from '../../src/contracts/model.ts';
import type { DeadLetter } from '../../src/contracts/deadLetter.ts';
import { deferred } from '../deferred.ts';

const inputSignal = (text: string) => ({ type: 'agent.input', text });

test('input to an agent that takes none is refused at once, and no message stays behind', async () => {
  await using runtime = await testRuntime();
  const clerk = agent({ name: 'clerk', model: scriptedModel([{ hang: true }]), onInput: 'reject' });
  const { root, id } = await runtime.start(clerk, 'Go.');
  await runtime.settle();
  const signalled = runtime.signal(root, inputSignal('Wait!'));
  await expect(signalled).rejects.toBeInstanceOf(TroupeError);
  await expect(signalled).rejects.toMatchObject({ kind: 'conflict', data: { onInput: 'reject' } });
  expect(await runtime.journal.mail(id)).toEqual([]);
  await runtime.signal(root, { type: 'agent.cancel', reason: 'enough' });
  await runtime.settle();
  await expect(runtime.signal(root, inputSignal('Hello?'))).rejects.toMatchObject({
    message: expect.stringContaining('has ended') as string,
  });
});

test('input that is replaced by newer input becomes a dead letter under its own name', async () => {
  await using runtime = await testRuntime();
  const gate = deferred();
  const look = tool({
    name: 'look',
    description: 'Looks.',
    effect: 'read',
    input: z.object({}),
    output: z.null(),
    run: async () => (await gate.promise, null),
  });
  const model = scriptedModel([{ calls: [{ name: 'look' }] }, { expect: 'Welsh', text: 'Helo.' }]);
  const { root, outcome } = await runtime.start(
    agent({ name: 'clerk', model, tools: [look], onInput: 'latest' }),
    'Greet.',
  );
  await runtime.settle();
  for (const language of ['French', 'Welsh']) await runtime.signal(root, inputSignal(`In ${language}.`));
  gate.resolve();
  expect(await outcome()).toMatchObject({ status: 'done', output: 'Helo.' });
  const [letter, ...others] = (await runtime.journal.list(root, 'dead')) as unknown as DeadLetter[];
  expect(others).toEqual([]);
  expect(letter).toMatchObject({ body: { text: 'In French.' }, failure: { kind: 'conflict' } });
  expect(letter!.from).toMatch(/^person\//);
  expect(runtime.seen.filter(({ type }) => type === 'dead')).toHaveLength(1);
});

test('a hundred inputs may wait; one more is refused', async () => {
  await using runtime = await testRuntime();
  const { root } = await runtime.start(agent({ name: 'clerk', model: scriptedModel([{ hang: true }]) }), 'Go.');
  await runtime.settle();
  for (let note = 0; note < 100; note++) await runtime.signal(root, inputSignal(`Note ${note}.`));
  await runtime.settle();
  await expect(runtime.signal(root, inputSignal('One more.'))).rejects.toMatchObject({
    kind: 'mailbox_full',
    retryable: true,
  });
  expect(await runtime.journal.list(root, 'dead')).toEqual([]);
});

test('an interruption keeps the text so far, and the next turn starts with the input', async () => {
  await using runtime = await testRuntime();
  const model = scriptedModel([
    { text: 'Dear reader, once upon a time', chunks: 2, half: true, hang: true },
    { expect: 'Shorter', text: 'Hi.' },
  ]);
  const { root, outcome } = await runtime.start(agent({ name: 'clerk', model, onInput: 'interrupt' }), 'Greet.');
  await runtime.settle();
  await runtime.signal(root, inputSignal('Shorter!'));
  expect(await outcome()).toMatchObject({ status: 'done', output: 'Hi.', usage: { steps: 2 } });
  const transcript = (await runtime.journal.list(root, 'transcript')) as unknown as Message[];
  expect(transcript).toMatchObject([
    { role: 'user', text: 'Greet.' },
    { role: 'assistant', text: 'Dear reader, on' },
    { role: 'user', text: 'Shorter!' },
    { role: 'assistant', text: 'Hi.' },
  ]);
  model.assertDone();
});

test('a write that has started is performed once, also when the agent is interrupted', async () => {
  await using runtime = await testRuntime();
  const gate = deferred();
  const sent: string[] = [];
  const mail = tool({
    name: 'mail',
    description: 'Sends.',
    effect: 'write',
    input: z.object({ to: z.string() }),
    output: z.string(),
    run: async ({ to }) => (await gate.promise, sent.push(to), 'sent'),
  });
  const model = scriptedModel([
    { calls: [{ name: 'mail', input: { to: 'ada' } }] },
    { expect: 'Not to Ada', text: 'Too late.' },
  ]);
  const { root, outcome } = await runtime.start(
    agent({ name: 'clerk', model, tools: [mail], onInput: 'interrupt' }),
    'Write.',
  );
  await runtime.settle();
  await runtime.signal(root, inputSignal('Not to Ada!'));
  await runtime.settle();
  expect(sent).toEqual([]);
  gate.resolve();
  expect(await outcome()).toMatchObject({ status: 'done', output: 'Too late.' });
  expect(sent).toEqual(['ada']);
  expect(runtime.seen.filter(({ type }) => type === 'dead')).toEqual([]);
});

test('an unknown input policy is refused in the definition', () => {
  expect(() => agent({ name: 'clerk', model: 'a:b', onInput: 'ignore' as never })).toThrow(/onInput/);
});

test.each([[null], ['agent.cancel'], [7], [[]], [undefined], [{}], [{ type: 7 }], [{ type: '' }]])(
  'a signal that is %j is refused by name',
  async (signal) => {
    await using runtime = await testRuntime();
    const clerk = agent({ name: 'clerk', model: scriptedModel([{ hang: true }]) });
    const { root } = await runtime.start(clerk, 'Go.');
    await expect(runtime.signal(root, signal as never)).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('needs a type') as string,
    });
  },
);
