import { flow } from 'troupe';
import { z } from 'zod';

export const delivery = flow('delivery', async (ctx) => {
  const address = await ctx.wait({ name: 'address', schema: z.string(), question: 'Where to?', deadline: '3d', default: 'the office' });
  await ctx.sleep('2d');
  const { at } = await ctx.signal('delivered', z.object({ at: z.string() }));
  return `${address}: ${at}`;
});
