/** Guardrails inside an agent: they check the stream of its model, and its tool calls. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { guarded, guardrails, tool, type Guardrail } from 'troupe';
import { scriptedModel, testRuntime } from 'troupe/testing';
import { clerk, outcomeOf, rejection } from './guarded.ts';

const { output, tool: tools, guardrail } = guardrails;
const notes = (seen: readonly { readonly type: string }[]) =>
  seen
    .filter(({ type }) => type === 'progress')
    .map((each) => (each as unknown as { note: { text?: string } }).note.text);

test('a stream that a check rejects is stopped, and none of its text is shown', async () => {
  let parts = 0;
  const model = {
    id: 'test:chatty',
    async *stream(_: unknown, { signal }: { signal: AbortSignal }) {
      for (const text of ['All is well. ', 'The secret', ' is 42.', ' And', ' so', ' on']) {
        if (signal.aborted) throw signal.reason;
        parts++;
        yield { type: 'text' as const, text };
        await new Promise((next) => setImmediate(next));
      }
      yield {
        type: 'finish' as const,
        reason: 'stop' as const,
        usage: { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 },
        model: 'test:chatty',
      };
    },
  };
  const { outcome, seen } = await outcomeOf(guarded(clerk(model), [output(['secret is'])]));
  expect(outcome).toMatchObject(rejection('output', 'stream', 'denied', /pattern/));
  expect(notes(seen)).toEqual([]);
  expect(parts).toBeLessThan(6);
});

/** Talks in pieces of five characters until it is stopped, and says the secret after so many of them. */
function talker(pieces: number, secretAt: number) {
  const said = { pieces: 0 };
  const model = {
    id: 'test:talker',
    async *stream(_: unknown, { signal }: { signal: AbortSignal }) {
      for (said.pieces = 0; said.pieces < pieces; said.pieces++) {
        if (signal.aborted) throw signal.reason;
        yield { type: 'text' as const, text: said.pieces === secretAt ? '<42> ' : 'word ' };
      }
      const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 };
      yield { type: 'finish' as const, reason: 'stop' as const, usage, model: 'test:talker' };
    },
  };
  return { model, said };
}

test('a long answer that is held back is not read anew with each of its words', async () => {
  let read = 0;
  let largest = 0;
  const counts = guardrail({
    name: 'counts',
    stream: ({ text }) => {
      read += text.length;
      largest = Math.max(largest, text.length);
      return true;
    },
    post: () => true,
  });
  const { outcome } = await outcomeOf(guarded(clerk(talker(20_000, -1).model), [counts]));
  expect(outcome).toMatchObject({ status: 'done' });
  expect(largest).toBe(100_000);
  // All of it with each piece would be 10,000 times its length.
  expect(read / largest).toBeLessThan(40);
});

test.each([10, 1_000, 15_000])(
  'what a check rejects after %i pieces is stopped soon, though all is held back',
  async (at) => {
    const { model, said } = talker(20_000, at);
    const { outcome, seen } = await outcomeOf(guarded(clerk(model), [output(['<42>'])]));
    expect(outcome).toMatchObject(rejection('output', 'stream', 'denied', /pattern/));
    expect(notes(seen)).toEqual([]);
    // A sixteenth more, and what comes while the check is asked.
    expect(said.pieces).toBeLessThan(at + Math.min(at / 16, 4_096 / 5) + 10);
  },
);

test('an answer in the form of a message is checked too', async () => {
  const { outcome } = await outcomeOf(
    guarded(
      clerk(() => ({ text: 'It is 1234567812345678.' })),
      [output([/\d{16}/])],
    ),
  );
  expect(outcome).toMatchObject(rejection('output', 'stream', 'denied', /pattern/));
});

test('a check function can distinguish a part of an answer from the whole', async () => {
  const cites = output(({ text, whole }) => !whole || text.includes('Source:') || 'it names no source');
  const says = (text: string) => clerk(() => ({ text, chunks: 3 }));
  expect((await outcomeOf(guarded(says('So it is. Source: Ada.'), [cites]))).outcome).toMatchObject({ status: 'done' });
  expect((await outcomeOf(guarded(says('So it is.'), [cites]))).outcome).toMatchObject(
    rejection('output', 'post', 'denied', /names no source/),
  );
});

/** An agent that calls its mail tool, and then answers with the result of the call. */
async function runMailingAgent(guards: readonly Guardrail[], answer?: boolean) {
  const sent: string[] = [];
  const shape = { description: 'x', input: z.object({ to: z.string() }), output: z.string() };
  const mail = tool({
    ...shape,
    name: 'mail',
    effect: 'write',
    idempotent: true,
    run: ({ to }) => (sent.push(to), 'sent'),
  });
  const look = tool({ ...shape, name: 'look_up', run: () => 'found' });
  const model = scriptedModel(({ messages }) =>
    messages.length === 1
      ? { calls: ['mail', 'look_up'].map((name) => ({ name, input: { to: 'ada' } })) }
      : { text: 'Done.' },
  );
  await using runtime = await testRuntime();
  const run = await runtime.start(guarded(clerk(model, { tools: [mail, look] }), guards), 'Mail Ada.');
  await runtime.settle();
  const tickets = await runtime.tickets(run.id);
  if (answer !== undefined) await runtime.answer(tickets[0]!.id, { approved: answer }, 'Grace');
  const outcome = await run.outcome();
  const toldModel = model.requests.at(-1)!.messages.at(-1) as {
    results: { name: string; ok: boolean; content: string }[];
  };
  return {
    sent,
    tickets,
    outcome,
    toldModel: Object.fromEntries(toldModel.results.map(({ name, content }) => [name, content])),
  };
}

test('the guardrail for tools rejects a write unless writes are allowed, and tells the model why', async () => {
  const { sent, outcome, toldModel } = await runMailingAgent([tools()]);
  expect(sent).toEqual([]);
  expect(toldModel['mail']).toMatch(/guardrail "tool" refused it: it changes the world/);
  expect(toldModel['look_up']).toBe('found');
  expect(outcome).toMatchObject({ status: 'done', output: 'Done.' });
});

test('the guardrail for tools can allow writes, or ask a person', async () => {
  expect((await runMailingAgent([tools({ writes: 'allow' })])).sent).toEqual(['ada']);
  const asked = await runMailingAgent([tools({ writes: 'ask' })], true);
  expect(asked).toMatchObject({ sent: ['ada'], tickets: [{ subject: { tool: 'mail' } }] });
  expect((await runMailingAgent([tools({ writes: 'ask' })], false)).sent).toEqual([]);
});

test.each([
  ['is denied by name', { deny: ['mail'], writes: 'allow' as const }, /may not be called here/],
  ['is denied by the beginning of its name', { deny: ['m*'], writes: 'allow' as const }, /may not be called here/],
  ['is not among those allowed', { allow: ['look_*'], writes: 'allow' as const }, /only look_\* may be called/],
  ['is allowed by name, but changes the world', { allow: ['*'] }, /changes the world/],
])('a tool that %s is refused', async (_, options, why) => {
  const { sent, toldModel } = await runMailingAgent([tools(options)]);
  expect(sent).toEqual([]);
  expect(toldModel['mail']).toMatch(why);
  expect(toldModel['look_up']).toBe('found');
});

test('a policy function can check the arguments of a call; if it throws, the call is rejected', async () => {
  const own = guardrail({ name: 'own', tool: ({ input }) => (input as { to: string }).to !== 'ada' || 'not to Ada' });
  expect((await runMailingAgent([own])).toldModel).toEqual({
    mail: expect.stringMatching(/"own" refused it: not to Ada/) as string,
    look_up: expect.stringMatching(/not to Ada/) as string,
  });
  const broken = guardrail({ name: 'own', tool: () => Promise.reject(new Error('no policy')) });
  expect((await runMailingAgent([broken])).toldModel['mail']).toMatch(/broke, so nothing is let through: .*no policy/);
  const ask = guardrail({ name: 'own', tool: ({ name }) => name !== 'look_up' || { ask: true } });
  expect((await runMailingAgent([ask], true)).tickets).toMatchObject([{ subject: { tool: 'look_up' } }]);
});
