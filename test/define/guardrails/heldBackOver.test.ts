/** What is held back for guardrails when a call breaks off, is interrupted or restarted, when work is done side by side, and with the option `holdBack`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import {
  agent,
  guarded,
  guardrails,
  openRuntime,
  orchestrator,
  run,
  tool,
  TroupeError,
  type Model,
  type Runnable,
} from 'troupe';
import { scriptedModel, testRuntime } from 'troupe/testing';
import type { Inspection } from '../../../src/contracts/inspection.ts';

const card = '4111111111111111';
const noCards = guardrails.output([/\d{16}/]);
const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 };
const finish = { type: 'finish' as const, reason: 'stop' as const, usage, model: 'test:parts' };
const text = (said: string) => ({ type: 'text' as const, text: said });

/** The pieces of text that observers are given, without commits. */
const notesIn = (seen: readonly Inspection[]) =>
  seen.flatMap((event) => (event.type === 'progress' ? [event.note as { type: string; text?: string }] : []));
const textsIn = (seen: readonly Inspection[]) =>
  notesIn(seen).flatMap((note) => (note.type === 'text' ? [note.text] : []));

/** Says these pieces, one each time it is let go on. */
const slowModel = (pieces: readonly string[], said: (piece: string) => void = () => {}): Model => ({
  id: 'test:slow',
  async *stream(_, { signal }) {
    for (const piece of pieces) {
      if (signal.aborted) throw signal.reason;
      yield text(piece);
      await new Promise((next) => setTimeout(next, 2));
      said(piece);
    }
    yield finish;
  },
});

test('with holdBack a text is shown while it is said, but for its last characters', async () => {
  const events: string[] = [];
  const pieces = ['One two ', 'three four ', 'five six ', 'seven 😀😀'];
  const model = slowModel(pieces, (piece) => events.push(`after ${piece.trim()}`));
  const safe = guarded(agent({ name: 'clerk', model }), [guardrails.output([/\d{16}/], { holdBack: 9 })]);
  for await (const event of run.stream(safe, 'Go.', { db: 'memory' }))
    if (event.type === 'text') events.push(event.text);
  const shown = events.filter((each) => !each.startsWith('after'));
  expect(shown.join('')).toBe(pieces.join(''));
  expect(events.indexOf('One two th')).toBeLessThan(events.indexOf('after five six'));
  expect(events.at(-1)).toHaveLength(9);
});

test('with holdBack nothing of a match that is not longer is shown, and what was shown is discarded', async () => {
  const model = slowModel(['Here: ', '4111', '1111', '1111', '1111', ' and more']);
  const safe = guarded(agent({ name: 'clerk', model }), [guardrails.output([/\d{16}/], { holdBack: 16 })]);
  const events: { type: string; text?: string }[] = [];
  await expect(async () => {
    for await (const event of run.stream(safe, 'Go.', { db: 'memory' })) events.push(event as (typeof events)[0]);
  }).rejects.toThrow(/rejected it \(stream\)/);
  expect(events.flatMap(({ type, text: said }) => (type === 'text' ? [said] : [])).join('')).not.toContain('4');
  if (events.some(({ type }) => type === 'text')) expect(events.map(({ type }) => type)).toContain('discarded');
});

test.each([
  ['a number that is no length', () => guardrails.output(['x'], { holdBack: -1 }), /holdBack/],
  ['a text', () => guardrails.output(['x'], { holdBack: 'all' as never }), /holdBack/],
  [
    'nothing to judge',
    () => guardrails.guardrail({ name: 'a', pre: () => true, holdBack: 3 }),
    /neither post nor stream/,
  ],
  ['no output', () => guardrails.schema({ input: z.string(), holdBack: 3 }), /there is no output/],
])('holdBack with %s is a mistake in the definition', (_, define, why) => expect(define).toThrow(why));

test('what a call said that broke off is not shown when another has answered', async () => {
  let attempt = 0;
  const model: Model = {
    id: 'test:breaks',
    async *stream() {
      yield text(attempt === 0 ? 'Void. ' : 'Valid.');
      if (attempt++ === 0) throw new TroupeError('transient', 'The line broke.');
      yield finish;
    },
  };
  await using runtime = await testRuntime();
  const started = await runtime.start(guarded(agent({ name: 'clerk', model }), [noCards]), 'Go.');
  await runtime.advance('1h');
  expect(await started.outcome()).toMatchObject({ status: 'done', output: 'Valid.' });
  expect(textsIn(runtime.seen)).toEqual(['Valid.']);
});

test('of an answer that is interrupted nothing is kept that was not judged', async () => {
  const model: Model = {
    id: 'test:hangs',
    async *stream(_, { signal }) {
      yield text(card.slice(0, 15));
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
      yield finish;
    },
  };
  await using runtime = await testRuntime();
  const started = await runtime.start(
    guarded(agent({ name: 'clerk', model }), [guardrails.timeout({ max: '10s' }), noCards]),
    'Go.',
  );
  await runtime.advance('1h');
  const outcome = await started.outcome();
  expect(outcome).toMatchObject({ status: 'failed' });
  expect(JSON.stringify([outcome, runtime.seen])).not.toContain(card.slice(0, 8));
});

test('side by side, the words of work that was rejected are not shown, and those of the other are', async () => {
  const model = scriptedModel(({ messages }) => ({
    text: JSON.stringify(messages[0]).includes('one') ? 'Nothing about it.' : 'A fine answer.',
    chunks: 3,
  }));
  const desk = orchestrator({
    name: 'desk',
    members: [agent({ name: 'ada', model }), agent({ name: 'bob', model })],
    guardrails: [guardrails.output(({ text: said }) => !said.includes('Nothing'), { stream: false })],
  });
  await using runtime = await testRuntime();
  const tasks = ['one', 'two', 'three'].map((goal) => ({ id: goal, input: goal }));
  const started = await runtime.start(desk, { tasks } as never);
  await runtime.advance('5h');
  expect(await started.outcome()).toMatchObject({ status: expect.any(String) as unknown });
  const shown = textsIn(runtime.seen).join('');
  expect(shown).not.toContain('Noth');
  expect(shown).toContain('A fine answer.');
});

test('why a tool failed is shown to nobody before the guardrails have let the work through', async () => {
  const pay = tool({
    name: 'pay',
    description: 'Pays.',
    input: z.object({}),
    output: z.string(),
    run: () => {
      throw new TroupeError('invalid', `No money on ${card}.`);
    },
  });
  const model = scriptedModel(({ messages }) =>
    messages.length === 1 ? { calls: [{ name: 'pay', input: {} }] } : { text: 'It did not work.' },
  );
  await using runtime = await testRuntime();
  const started = await runtime.start(guarded(agent({ name: 'clerk', model, tools: [pay] }), [noCards]), 'Go.');
  await runtime.advance('1h');
  expect(await started.outcome()).toMatchObject({ status: 'done' });
  const shown = runtime.seen.filter(({ type }) => type !== 'commit');
  expect(JSON.stringify(shown)).not.toContain(card);
  expect(JSON.stringify(shown)).toContain('Not shown. The guardrail \\"output\\" rejected it');
});

test('a tool behind a guardrail reports nothing before its output was let through', async () => {
  const report = (allowed: boolean) =>
    guarded(
      tool({
        name: 'report',
        description: 'Reports.',
        input: z.object({}),
        output: z.string(),
        run: (_, { progress }) => {
          progress({ type: 'half', says: 'half done' });
          return allowed ? 'fine' : card;
        },
      }),
      [noCards],
    );
  const seenOf = async (allowed: boolean) => {
    const model = scriptedModel(({ messages }) =>
      messages.length === 1 ? { calls: [{ name: 'report', input: {} }] } : { text: 'Done.' },
    );
    await using runtime = await testRuntime();
    const started = await runtime.start(agent({ name: 'clerk', model, tools: [report(allowed)] }), 'Go.');
    await runtime.advance('1h');
    await started.outcome();
    return JSON.stringify(notesIn(runtime.seen));
  };
  expect(await seenOf(true)).toContain('half done');
  expect(await seenOf(false)).not.toContain('half done');
});

/** Runs until `until` happens, leaves it, and runs it again in another runtime; gives what each has shown. */
async function inTwoRuntimes(subject: () => Runnable, until: Promise<void>) {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const db = join(folder, 'runs.db');
  const shown: [Inspection[], Inspection[]] = [[], []];
  {
    await using runtime = await openRuntime({ db, observers: [(event) => void shown[0].push(event)] });
    await runtime.start(subject(), 'Go.', { key: 'k' });
    await until;
  }
  await using runtime = await openRuntime({ db, observers: [(event) => void shown[1].push(event)] });
  const outcome = await (await runtime.start(subject(), 'Go.', { key: 'k' })).outcome();
  return { shown, outcome };
}

test.each([
  ['while the model speaks', 'speaking'],
  ['while the result is judged', 'judging'],
] as const)('after a restart %s nothing is shown that was not judged', async (_, when) => {
  let reached = () => {};
  const until = new Promise<void>((resolve) => (reached = resolve));
  let life = 0;
  const subject = () => {
    life++;
    const first = life === 1;
    const model: Model = {
      id: 'test:restarted',
      async *stream(__, { signal }) {
        yield text('The first. ');
        if (first && when === 'speaking') {
          setTimeout(reached, 20);
          await new Promise((___, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
        }
        yield text('The end.');
        yield finish;
      },
    };
    const post = () => {
      if (!first) return true;
      setTimeout(reached, 20);
      return new Promise<boolean>(() => {});
    };
    return guarded(agent({ name: 'clerk', model }), [
      guardrails.timeout({ max: '1h' }),
      guardrails.guardrail({ name: 'judge', post }),
    ]);
  };
  const { shown, outcome } = await inTwoRuntimes(subject, until);
  expect(outcome).toMatchObject({ status: 'done', output: 'The first. The end.' });
  expect(textsIn(shown[0])).toEqual([]);
  // What the first process had heard, and did not show, is lost; what is said again is judged and shown.
  expect(textsIn(shown[1]).join('')).toBe(when === 'speaking' ? 'The first. The end.' : '');
});
