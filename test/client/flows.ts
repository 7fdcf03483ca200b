/** The flows that the tests of the client run, and what they have done. */
import * as z from 'zod';
import { agent, asTool, checkpoint, flow, type Runnable } from '../../src/index.ts';
import { callingModel } from '../define/presets/participants.ts';

/** What the flows do outside, and whether it works. */
export interface Outside {
  readonly done: string[];
  isBroken: boolean;
}

/** Flows by their names, over one outside. */
export function flowsOver(outside: Outside): Readonly<Record<string, Runnable>> {
  const does = (what: string): string => (outside.done.push(what), what);
  const publish = flow('publish', { input: z.object({ topic: z.string() }) }, async (ctx, { topic }) => {
    ctx.log({ topic });
    const draft = await ctx.checkpoint('draft', () => {
      ctx.log({ words: 3 });
      return does(`draft about ${topic}`);
    });
    const { ok } = await ctx.wait({
      name: 'approve',
      question: 'Publish it?',
      schema: z.object({ ok: z.boolean() }),
      metadata: { priority: 'high' },
    });
    if (!ok) return 'rejected';
    return ctx.checkpoint('release', () => does(`published ${draft}`));
  });
  const build = flow('build', async (ctx) => {
    const parts = await ctx.map(
      checkpoint('make', (part: string) => does(part)),
      ['a', 'b'],
    );
    return ctx.checkpoint('assemble', { retries: { times: 1, backoff: '1ms' } }, () => {
      does('assemble');
      if (outside.isBroken) throw new TypeError('no screws');
      return parts.join('+');
    });
  });
  const survey = flow('survey', async (ctx) => {
    const answers = await Promise.all(
      ['first', 'second'].map((name) => ctx.wait({ name, schema: z.number(), question: `The ${name} number?` })),
    );
    return answers[0]! + answers[1]!;
  });
  const listen = flow('listen', async (ctx) => ctx.signal('news', z.string()));
  const dated = flow('dated', async (ctx) => ctx.wait({ name: '31/12', schema: z.number() }));
  const nap = flow('nap', async (ctx) => ctx.sleep('1d'));
  const overhear = flow('overhear', { uses: [listen] }, async (ctx) => ctx.run(listen, null));
  const greet = flow('greet', async (ctx) => ctx.checkpoint('greet', () => 'hello'));
  const outer = flow('outer', { uses: [greet] }, async (ctx) => `${await ctx.run(greet, null)} twice`);
  const report = flow('report', async (ctx) => {
    await ctx.checkpoint('write', async () => {
      await ctx.save('notes.md', '# Notes', { type: 'response', tags: ['draft'], mediaType: 'text/markdown' });
      await ctx.save('pixels', new Uint8Array([1, 255]), { type: 'blob' });
      await ctx.save('large', 'x'.repeat(100_000));
      return 'written';
    });
    return ctx.checkpoint('read', () => ctx.load(ctx.executionId, 'notes.md'));
  });
  const paths = flow('paths', async (ctx) => {
    await ctx.checkpoint('a', async () => {
      await ctx.save('b/c', 'one');
      await ctx.save('b', 'two');
    });
    return ctx.checkpoint('read', () => ctx.load(ctx.executionId, 'a/b/c'));
  });
  const borrow = flow('borrow', async (ctx) => {
    const taken = await ctx.checkpoint('take', () => does('taken'));
    try {
      await ctx.wait({ name: 'enough' });
    } finally {
      does(`given back: ${taken}`);
    }
  });
  const pay = flow('pay', async (ctx) =>
    ctx.checkpoint('pay', { effect: 'write', timeout: '20ms' }, () => {
      does('pay');
      return new Promise(() => {});
    }),
  );
  const noted = flow('noted', async (ctx) => {
    ctx.log({ stage: 'asked' });
    await ctx.wait({ name: 'ok' });
    return 'done';
  });
  const buyer = agent({
    name: 'buyer',
    deadline: '1d',
    tools: [asTool(publish, { description: 'Publishes a text.' })],
    model: callingModel({ name: 'publish', input: { topic: 'tea' } }),
  });
  return {
    pay,
    noted,
    borrow,
    buyer,
    paths,
    report,
    publish,
    build,
    survey,
    listen,
    dated,
    nap,
    overhear,
    greet,
    outer,
  };
}
