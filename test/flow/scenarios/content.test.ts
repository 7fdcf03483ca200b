/** Flows that make content: what is logged and saved on the way, what a later run loads, and whom they ask before they publish. */
import { expect, test } from 'vitest';
import * as z from 'zod';
import { checkpoint, flow, openRuntime, run, type Flow, type Runtime } from '../../../src/index.ts';
import { scriptedModel } from 'troupe/testing';
import { answerOnly, journalOf, onDisk, untilRest } from '../processes.ts';
import { callsIn, recordedIn } from './recorded.ts';

async function outputOf(runtime: Runtime, subject: Flow, input: unknown, key: string): Promise<unknown> {
  const outcome = await untilRest(runtime, subject, input, key);
  if (outcome.status !== 'done') throw new Error(JSON.stringify(outcome));
  return outcome.output;
}
const Topic = z.object({ topic: z.string() });

test('two checkpoints, one after the other, make a summary of what was researched', async () => {
  const research = checkpoint('research', (topic: string) => `Source notes on ${topic}.`);
  const summarize = checkpoint('summarize', (notes: string) => `Summary: ${notes}`);
  const first = flow('first', { input: Topic }, async (ctx, { topic }) =>
    summarize.call(ctx, await research.call(ctx, topic)),
  );
  expect(await run(first, { topic: 'renewable energy' }, { db: 'memory' })).toBe(
    'Summary: Source notes on renewable energy.',
  );
});

test('facts that are logged belong to the checkpoint that logs them, or to the run; later ones replace earlier ones', async () => {
  const write = flow('write', { input: Topic }, async (ctx, { topic }) => {
    ctx.log({ topic, stage: 'begun' });
    const draft = await ctx.checkpoint('draft', () => {
      ctx.log({ draft_cost: { usd: 0.001 }, model: 'demo-model' });
      ctx.log({ draft_cost: { tokens: 42 }, latency_ms: 120 });
      return `draft about ${topic}.`;
    });
    const polished = await ctx.checkpoint('polish', () => {
      ctx.log({ quality_score: 0.93 });
      return `${draft.toUpperCase()} [reviewed]`;
    });
    ctx.log({ stage: 'completed', output_kind: 'text' });
    return polished;
  });
  await using runtime = await openRuntime({ db: 'memory' });
  expect(await outputOf(runtime, write, { topic: 'tea' }, 'w')).toBe('DRAFT ABOUT TEA. [reviewed]');
  const { draft, polish } = await callsIn(runtime, 'w');
  expect(draft?.metadata).toEqual({
    draft_cost: { usd: 0.001, tokens: 42 },
    model: 'demo-model',
    latency_ms: 120,
  });
  expect(polish?.metadata).toEqual({ quality_score: 0.93 });
  expect((await recordedIn(runtime, 'w', 'log')).map(({ data }) => data)).toEqual([
    { topic: 'tea', stage: 'begun' },
    { stage: 'completed', output_kind: 'text' },
  ]);
});

test('a flow that runs later loads what a checkpoint of an earlier run gave, and what it saved beside', async () => {
  const publish = flow('publish', { input: Topic }, async (ctx, { topic }) =>
    ctx.checkpoint('research', async () => {
      await ctx.save('context', { topic }, { type: 'context', tags: ['demo'] });
      return `Research notes about ${topic}.`;
    }),
  );
  const follow = flow('follow', { input: z.object({ run: z.string() }) }, async (ctx, { run: of }) =>
    ctx.checkpoint('read', async () => {
      // What the other flow returns and saves.
      const notes = (await ctx.load(of, 'research')) as string;
      const { topic } = (await ctx.load(of, 'context')) as z.infer<typeof Topic>;
      return `${notes} [topic=${topic}]`;
    }),
  );
  await using runtime = await openRuntime({ db: 'memory' });
  await outputOf(runtime, publish, { topic: 'tea' }, 'one');
  expect(await outputOf(runtime, follow, { run: 'one' }, 'two')).toBe('Research notes about tea. [topic=tea]');
  expect(await recordedIn(runtime, 'one', 'artifact')).toMatchObject([
    { name: 'context', type: 'context', call: 'research', tags: ['demo'] },
  ]);
  expect((await callsIn(runtime, 'two'))['read']?.loaded).toEqual(['one/research/output', 'one/research/context']);
});

test('the retries of a checkpoint come before those of its flow', async () => {
  const { done, does } = journalOf();
  const failing = (name: string) => () => {
    does(name);
    throw new Error('no');
  };
  const retries = flow('retries', { retries: { times: 2, backoff: '1ms' } }, async (ctx) => {
    await ctx.checkpoint('as the flow says', failing('flow')).catch(() => {});
    await ctx.checkpoint('its own', { retries: { times: 1, backoff: '1ms' } }, failing('own')).catch(() => {});
    await ctx.checkpoint('none', { retries: 0 }, failing('none')).catch(() => {});
  });
  await run(retries, null, { db: 'memory' });
  expect(done).toEqual(['flow', 'flow', 'flow', 'own', 'own', 'none']);
});

test('a model is asked in the flow and in a checkpoint: each call is noted where it was made, with the model that answered', async () => {
  const model = scriptedModel([{ text: 'Three points.' }, { text: 'A draft.' }]);
  const write = flow('write', { input: Topic, model }, async (ctx, { topic }) => {
    const outline = await ctx.llm(`Outline ${topic}.`, { name: 'outline_call' });
    return ctx.checkpoint('draft', async () => ctx.llm(`Write: ${outline}`, { name: 'draft_call' }));
  });
  await using runtime = await openRuntime({ db: 'memory' });
  expect(await outputOf(runtime, write, { topic: 'tea' }, 'w')).toBe('A draft.');
  const { outline_call: outline, draft } = await callsIn(runtime, 'w');
  const answered = { resolved_model: 'scripted:model' };
  expect(outline).toMatchObject({ type: 'llm_call', metadata: { llm_calls: { outline_call: answered } } });
  expect(draft).toMatchObject({ metadata: { llm_calls: { draft_call: answered } } });
});

const release = flow('release', { input: z.object({ version: z.string() }) }, async (ctx, { version }) => {
  const draft = await ctx.checkpoint('draft', () => `Draft about ${version}.`);
  const approved = await ctx.wait({
    name: 'approve',
    schema: z.boolean(),
    question: `Publish ${version}?`,
    metadata: { version, draft },
  });
  if (!approved) return `REJECTED: ${version}`;
  const Details = z.object({ notes: z.string(), major_version: z.number().int() });
  const { notes, major_version: major } = await ctx.wait({ name: 'details', schema: Details });
  return ctx.checkpoint('publish', () => `PUBLISHED v${major}: ${draft}\nNotes: ${notes}`);
});

test('a run that waits is found by what is known of its question, and goes on with each answer, in whatever process', async () => {
  const open = onDisk();
  {
    await using runtime = await open();
    for (const version of ['v1.0', 'v0.9'])
      expect(await untilRest(runtime, release, { version }, version)).toMatchObject({ status: 'waiting' });
  }
  await using runtime = await open();
  const tickets = await runtime.tickets();
  const approval = tickets.find(({ metadata }) => metadata?.['version'] === 'v1.0');
  expect(approval).toMatchObject({ run: 'v1.0', name: 'approve', metadata: { draft: 'Draft about v1.0.' } });
  await runtime.answer(approval!.id, true);
  expect(await untilRest(runtime, release, { version: 'v1.0' }, 'v1.0')).toMatchObject({
    status: 'waiting',
    tickets: [{ name: 'details' }],
  });
  await expect(answerOnly(runtime, { notes: 'Bug fixes', major_version: 'two' }, 'v1.0')).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringContaining('major_version') as string,
  });
  await answerOnly(runtime, { notes: 'Bug fixes', major_version: 2 }, 'v1.0');
  expect(await outputOf(runtime, release, { version: 'v1.0' }, 'v1.0')).toBe(
    'PUBLISHED v2: Draft about v1.0.\nNotes: Bug fixes',
  );
  await answerOnly(runtime, false, 'v0.9');
  expect(await outputOf(runtime, release, { version: 'v0.9' }, 'v0.9')).toBe('REJECTED: v0.9');
});
