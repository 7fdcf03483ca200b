import { checkpoint, flow, run } from 'troupe';

const page = checkpoint('page', { retries: { times: 3, backoff: '2s' }, timeout: '30s', cache: { maxAge: '1h' } },
  async (url: string, { signal }) => `the text of ${url}${signal.aborted ? ', not wanted' : ''}`);

const read = flow('read', async (ctx) => {
  const first = await page.call(ctx, 'https://one.example');
  const length = await ctx.checkpoint('count', () => first.length);
  return { first, length };
});
console.log(await run(read, null));
