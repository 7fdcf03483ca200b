import { flow } from 'troupe';

export const trip = flow('trip', { cleanupGrace: '1h' }, async (ctx) => {
  try {
    await ctx.checkpoint('reserve', ({ key }) => console.error(`reserve under ${key}`));
    await ctx.wait({ name: 'paid' });
  } finally {
    await ctx.nonCancellable(() => ctx.checkpoint('release', { retries: 5 }, ({ key }) => console.error(`release under ${key}`)));
  }
});
