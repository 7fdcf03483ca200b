/** A flow with everything: parallel checkpoints, a write that happens once, a question, a pause, a child, a checkpoint that fails and is tried again. */
import * as z from 'zod';
import { checkpoint, flow, type CheckpointCall, type Flow, type Json } from '../../src/index.ts';

/** What was done outside, by key: the other side honours the keys. */
export interface Outside {
  readonly applied: Map<string, string>;
  /** How often each key was asked for. */
  readonly asked: Map<string, number>;
}

/** The story, and the outside that it changes. `takes` is how long the other side takes. */
export function story(takes: () => Promise<void> = async () => {}): {
  readonly subject: Flow;
  readonly outside: Outside;
  readonly world: () => Json;
} {
  const outside: Outside = { applied: new Map(), asked: new Map() };
  const send = async (what: string, { key }: CheckpointCall): Promise<string> => {
    outside.asked.set(key, (outside.asked.get(key) ?? 0) + 1);
    await takes();
    if (!outside.applied.has(key)) outside.applied.set(key, what);
    return outside.applied.get(key)!;
  };
  const fetchPart = checkpoint('fetch', { retries: { times: 8, backoff: '1s' } }, (part: string, call) =>
    send(part, call),
  );
  const child = flow('child', { input: z.object({ of: z.string() }), retries: 8 }, async (ctx, { of }) => {
    const begun = await ctx.checkpoint('begin', (call) => send(`begin ${of}`, call));
    await ctx.sleep('10s');
    return `${begun}, done`;
  });
  let failures = 0;
  const subject = flow('story', { uses: [child], retries: { times: 8, backoff: '1s' } }, async (ctx) => {
    const parts = await ctx.map(fetchPart, ['a', 'b', 'c'], { concurrency: 2 });
    const [note, childResult] = await Promise.all([
      ctx.checkpoint('note', (call) => send('note', call)),
      ctx.run(child, { of: parts.join('') }),
    ]);
    const flaky = await ctx.checkpoint('flaky', { retries: { times: 20, backoff: '1s' } }, async (call) => {
      if (call.attempt < 3) {
        failures++;
        throw new Error('busy');
      }
      return send('flaky', call);
    });
    const { ok } = await ctx.wait({ name: 'ok', schema: z.object({ ok: z.boolean() }) });
    const last = ok ? await ctx.checkpoint('publish', (call) => send('publish', call)) : 'no';
    ctx.log({ last });
    return { parts, note, childResult, flaky, last, at: ctx.uuid() };
  });
  return {
    subject,
    outside,
    world() {
      const repeats = [...outside.asked.values()].reduce((sum, times) => sum + times - 1, 0);
      const applied = [...outside.applied.entries()].map(([key, what]) => `${key}: ${what}`).sort();
      // What was under way when the process was killed, which is two at most, may have been asked for again.
      return [applied, failures > 1, repeats <= 2];
    },
  };
}
