import { flow } from 'troupe';
import { z } from 'zod';

export default flow('greet', { input: z.object({ who: z.string() }) }, async (ctx, { who }) => {
  const drafts = await Promise.all(['Hello', 'Dear'].map((word) => ctx.checkpoint(`write ${word}`, () => `${word} ${who}`)));
  const { pick } = await ctx.wait({
    name: 'pick',
    schema: z.object({ pick: z.number().int().min(0).max(1) }),
    question: `Which one: ${drafts.join(' or ')}?`,
  });
  await ctx.sleep('1s');
  await ctx.checkpoint('send', { retries: 3 }, ({ key }) => console.error(`sending under the key ${key}`));
  return drafts[pick];
});
