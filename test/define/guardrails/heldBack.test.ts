/** What is said behind guardrails that judge output is shown only after they have judged it: every kind of content, guardrail, nesting and display. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  agent,
  asTool,
  guarded,
  guardrails,
  orchestrator,
  pipeline,
  run,
  tool,
  type Guardrail,
  type Model,
  type Runnable,
} from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { logger } from '../../../src/observe/logger.ts';
import { progress } from '../../../src/observe/progress.ts';
import { systemClock } from '../../../src/engine/clock.ts';
import type { Observer } from '../../../src/contracts/inspection.ts';
import { toFailure } from '../../../src/values/failure.ts';

const card = '4111111111111111';
const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 };
type Part =
  | { type: 'text' | 'reasoning'; text: string }
  | { type: 'call'; call: { id: string; name: string; input: Record<string, string> } };

/** Says a text in small pieces. */
const pieces = (type: 'text' | 'reasoning', text: string): Part[] =>
  (text.match(/.{1,3}/gs) ?? []).map((piece) => ({ type, text: piece }));
const called = (name: string, input: Record<string, string>): Part => ({
  type: 'call',
  call: { id: 'c1', name, input },
});

/** A model whose turns consist of these parts; the last turn is repeated. */
const modelOf = (...turns: readonly (readonly Part[])[]): Model => ({
  id: 'test:parts',
  async *stream({ messages }) {
    const turn = messages.filter(({ role }) => role === 'assistant').length;
    for (const part of turns[Math.min(turn, turns.length - 1)] ?? []) {
      yield part;
      await new Promise((next) => setImmediate(next));
    }
    yield { type: 'finish', reason: 'stop', usage, model: 'test:parts' };
  },
});

const lookUp = tool({
  name: 'look_up',
  description: 'Looks up.',
  input: z.object({ card: z.string() }),
  output: z.string(),
  run: ({ card: given }) => `found ${given}`,
});

/** What the agent says or does, in which the card number is. */
const contents: Record<string, () => Model> = {
  'the text of an answer': () => modelOf(pieces('text', `The card is ${card}, as you know.`)),
  'the reasoning before an answer': () => modelOf([...pieces('reasoning', `Is it ${card}?`), ...pieces('text', 'No.')]),
  'the arguments of a tool': () =>
    modelOf([...pieces('text', 'I look.'), called('look_up', { card })], pieces('text', `It is ${card}.`)),
  'arguments with escapes': () =>
    modelOf([called('look_up', { card: `\n${card}\t` })], pieces('text', `It is ${card}.`)),
};

const bad = (text: string) => text.replace(/\D/g, '').includes(card);
const kinds: Record<string, () => Guardrail> = {
  'a pattern': () => guardrails.output([/(?<!\d)\d{16}(?!\d)/]),
  'a function': () => guardrails.output(({ text }) => !bad(text)),
  'a function for the whole answer': () => guardrails.output(() => 'never', { stream: false }),
  'a stream check': () => guardrails.guardrail({ name: 'stream', stream: ({ text }) => !bad(text) || 'a card' }),
  'a check of the result': () => guardrails.guardrail({ name: 'short', post: () => 'it is too long' }),
  'a schema': () => guardrails.schema({ output: z.literal('nothing else') }),
  'a slow stream check': () =>
    guardrails.guardrail({
      name: 'slow',
      stream: async ({ text }) => {
        await new Promise((next) => setImmediate(next));
        return !bad(text);
      },
    }),
};

const clerkOf = (model: Model) => agent({ name: 'clerk', model, tools: [lookUp] });
const caller = (callee: ReturnType<typeof asTool>) =>
  agent({
    name: 'caller',
    tools: [callee],
    model: scriptedModel(({ messages }) =>
      messages.length === 1 ? { calls: [{ name: 'clerk', input: { task: 'Go.' } }] } : { text: 'Well.' },
    ),
  });
const nestings: Record<string, (model: Model, guardrail: Guardrail) => Runnable> = {
  'a guarded agent': (model, one) => guarded(clerkOf(model), [one]),
  'an agent guarded twice': (model, one) =>
    guarded(guarded(clerkOf(model), [one]), [
      guardrails.timeout({ max: '1m' }),
      guardrails.output(['nothing of it'], { name: 'outer' }),
    ]),
  'an agent guarded from further out': (model, one) =>
    guarded(guarded(clerkOf(model), [guardrails.output(['nothing of it'], { name: 'inner' })]), [one]),
  'a guarded team': (model, one) => guarded(pipeline({ name: 'post', stages: [clerkOf(model)] }), [one]),
  'a guarded team of teams': (model, one) =>
    guarded(pipeline({ name: 'post', stages: [pipeline({ name: 'inside', stages: [clerkOf(model)] })] }), [one]),
  'a guarded member of a team': (model, one) =>
    pipeline({ name: 'post', stages: [guarded(clerkOf(model), [one])], deadline: '3h' }),
  'an orchestrator with guardrails': (model, one) =>
    orchestrator({ name: 'desk', members: [clerkOf(model)], guardrails: [one] }),
  'a guarded agent as a tool': (model, one) =>
    caller(asTool(guarded(clerkOf(model), [one]), { description: 'Knows.' })),
  'a tool of a guarded agent': (model, one) =>
    guarded(caller(asTool(clerkOf(model), { description: 'Knows.' })), [one]),
};

/** Runs it, and gives what every display has shown of it. */
async function shownOf(subject: Runnable) {
  const lines: Record<string, string> = { stream: '', observers: '', progress: '', verbose: '', terminal: '', log: '' };
  const into = (name: string) => ({ write: (text: string) => void (lines[name] += text) });
  const clock = systemClock();
  const log = logger({ level: 'debug', out: into('log') });
  using plain = progress(into('progress'), { name: subject.name, clock });
  using verbose = progress(into('verbose'), { name: subject.name, verbose: true, clock });
  using terminal = progress(into('terminal'), { name: subject.name, terminal: true, clock });
  const observers: Observer[] = [log.observe, plain.observe, verbose.observe, terminal.observe];
  // Commits are what is stored; they are no display.
  observers.push((event) => event.type !== 'commit' && (lines['observers'] += JSON.stringify(event)));
  const events: { readonly type: string; readonly text?: string }[] = [];
  try {
    for await (const event of run.stream(subject, 'Go.', { db: 'memory', observers })) {
      events.push(event as (typeof events)[0]);
      if (event.type !== 'done') lines['stream'] += JSON.stringify(event);
    }
  } catch (thrown) {
    lines['error'] = toFailure(thrown).message;
  }
  terminal[Symbol.dispose]();
  // Pieces of one text are shown one after another.
  const texts = events.flatMap(({ type, text }) => (type === 'text' || type === 'reasoning' ? [text] : [])).join('');
  return { lines: { ...lines, texts }, events };
}

const cases = Object.entries(nestings).flatMap(([nesting, wrap]) =>
  Object.entries(contents).flatMap(([content, model]) =>
    Object.entries(kinds).map(([kind, guardrail]) => ({ nesting, content, kind, wrap, model, guardrail })),
  ),
);
/** Every nesting with every content, and every kind of guardrail; not each with each. */
const some = cases.filter((_, index) => index % 5 === 0);

test.each(some)(
  '$content is not shown to anybody by $nesting when $kind rejects it',
  async ({ wrap, model, guardrail }) => {
    const { lines } = await shownOf(wrap(model(), guardrail()));
    // Without times in milliseconds, in which any digits may stand.
    for (const [display, shown] of Object.entries(lines))
      expect(shown.replaceAll(/\b1\d{12}\b/g, 'then'), display).not.toContain(card.slice(0, 4));
  },
);

test.each(Object.keys(nestings))('%s is shown whole, in order, when everything was let through', async (nesting) => {
  const model = modelOf(
    [...pieces('reasoning', 'Let me see.'), ...pieces('text', 'I look. '), called('look_up', { card: '12' })],
    pieces('text', 'It is twelve.'),
  );
  const { events, lines } = await shownOf(nestings[nesting]!(model, guardrails.output([/\d{16}/])));
  expect(lines.texts).toMatch(/^Let me see\.I look\. It is twelve\./);
  expect(events.map(({ type }) => type).filter((type) => /^t|rea/.test(type))).toEqual(
    expect.arrayContaining(['reasoning', 'text', 'tool.called', 'tool.answered']) as unknown,
  );
});
