/** Options of the calls of a context that there are not: from JavaScript a wrong name would silently be no option at all. */
import { expect, test } from 'vitest';
import { checkpoint, flow, run, type FlowContext } from '../../src/index.ts';

const one = checkpoint('one', (n: number) => n);
const sum = checkpoint('sum', ({ a }: { readonly a: number }) => a);

test.each<[string, (ctx: FlowContext) => unknown, RegExp]>([
  [
    'map',
    (ctx) => ctx.map(one, [1], { onFailure: 'colect' as 'collect' }),
    /onFailure of ctx.map\("one"\) .*"collect"\?/,
  ],
  ['map', (ctx) => ctx.map(one, [1], { onfailure: 'collect' } as object), /no option "onfailure".*"onFailure"\?/],
  ['product', (ctx) => ctx.product(sum, { a: [1] }, { onFailure: 1 } as object), /is one of stop, collect; got/],
  ['submit', (ctx) => ctx.submit(one, 1, { afetr: [] } as object).result(), /no option "afetr".*"after"\?/],
  ['wait', (ctx) => ctx.wait({ nmae: 'x' } as object), /no option "nmae".*"name"\?/],
  ['llm', (ctx) => ctx.llm('Hi', { modle: 'x' } as object), /no option "modle".*"model"\?/],
])('an option of ctx.%s that there is not is refused, with the one that was probably meant', async (_, call, says) => {
  const wrong = flow('wrong', async (ctx) => call(ctx));
  await expect(run(wrong, null, { db: 'memory' })).rejects.toMatchObject({
    kind: 'definition',
    message: expect.stringMatching(says) as string,
  });
});
