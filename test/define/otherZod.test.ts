/** Schemas of zod 3, which a project may still have: whoever gives one is told so, wherever a schema is taken. */
import { flow, protocol, run, tool } from 'troupe';
import { expect, test } from 'vitest';
import * as z from 'zod';
import * as z3 from 'zod/v3';

/** From JavaScript, and from packages whose types are not seen, anything may come. */
const old = z3.object({ word: z3.string() }) as unknown as z.ZodType;
const parts = { name: 'search', description: 'Finds pages.', input: z.object({}), output: z.string(), run: () => '' };
const inside = 'a part of it is no schema of zod 4, but for example one of zod 3';

test.for([
  ['the input of a tool', () => tool({ ...parts, input: old }), 'got a schema of zod 3. Make it with zod 4'],
  ['the output of a tool', () => tool({ ...parts, output: old }), 'got a schema of zod 3. Make it with zod 4'],
  ['a part of the input of a tool', () => tool({ ...parts, input: z.object({ old }) }), inside],
  ['a message', () => protocol({ brief: { body: old } }), 'got a schema of zod 3. Make it with zod 4'],
  ['a part of a message', () => protocol({ brief: { body: z.array(old) } }), inside],
  ['what a flow waits for', () => waitsFor(old), inside],
] as const)('%s may be a schema of zod 3: the error says what to do', async ([, give, says]) => {
  const given = Promise.resolve().then<unknown>(give);
  await expect(given).rejects.toMatchObject({ kind: 'definition', message: expect.stringContaining(says) as string });
});

const waitsFor = (schema: z.ZodType) =>
  run(
    flow('asks', (ctx) => ctx.wait({ name: 'ok', schema })),
    undefined,
    { db: 'memory' },
  );
