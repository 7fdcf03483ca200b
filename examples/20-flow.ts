/** A flow: an async function whose calls are recorded. The same key goes on where the run was, and performs nothing again. */
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { flow, run } from 'troupe';
import { z } from 'zod';

let written = 0;
const greet = flow('greet', { input: z.object({ who: z.string() }) }, async (ctx, { who }) => {
  const text = await ctx.checkpoint('write', () => {
    written++;
    return `Hello ${who}`;
  });
  const lines = await Promise.all(['!', '?'].map((end) => ctx.checkpoint(`end with ${end}`, () => text + end)));
  return { lines, at: new Date(ctx.now()) };
});

const db = join(mkdtempSync(join(tmpdir(), 'troupe-example-')), 'troupe.db');
const first = await run(greet, { who: 'ada' }, { db, key: 'greet-ada' });
const again = await run(greet, { who: 'ada' }, { db, key: 'greet-ada' });

assert.deepEqual(first.lines, ['Hello ada!', 'Hello ada?']);
assert.deepEqual(again, first);
assert.equal(written, 1);
console.log(first.lines.join('\n'));
