import { flow } from 'troupe';
import { z } from 'zod';

export default flow('greet', { input: z.object({ who: z.string() }) }, async (ctx, { who }) => {
  const text = await ctx.checkpoint('write', () => `Hello ${who}`);
  const { ok } = await ctx.wait({ name: 'ok', schema: z.object({ ok: z.boolean() }), question: `Send "${text}"?` });
  if (!ok) return 'not sent';
  await ctx.checkpoint('send', ({ key }) => console.error(`sent under the key ${key}`));
  return text;
});
