/** A flow that asks a person, over three processes: one asks and ends, one brings the answer, one goes on. */
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { flow, openRuntime } from 'troupe';
import { z } from 'zod';

const sent: string[] = [];
const announce = flow('announce', { input: z.object({ version: z.string() }) }, async (ctx, { version }) => {
  const text = await ctx.checkpoint('write', () => `Version ${version} is out.`);
  const answer = await ctx.wait({
    name: 'approve',
    schema: z.object({ ok: z.boolean(), note: z.string().optional() }),
    question: `Send "${text}"?`,
    metadata: { version },
  });
  if (!answer.ok) return 'not sent';
  // The key is the same whenever this is tried again: give it to the other side.
  await ctx.checkpoint('send', { retries: 3 }, ({ key }) => sent.push(`${key}: ${text} ${answer.note ?? ''}`.trim()));
  return 'sent';
});

const db = join(mkdtempSync(join(tmpdir(), 'troupe-example-')), 'troupe.db');
{
  await using asking = await openRuntime({ db });
  const handle = await asking.start(announce, { version: '2.0' }, { key: 'v2' });
  const outcome = await handle.outcome({ returnWhenWaiting: true });
  assert.equal(outcome.status, 'waiting');
}
{
  await using answering = await openRuntime({ db });
  const [ticket] = await answering.tickets('v2');
  assert.equal(ticket?.question, 'Send "Version 2.0 is out."?');
  // What does not fit is refused, and the question stays open.
  await assert.rejects(answering.answer(ticket.id, { ok: 'yes' }), { kind: 'invalid' });
  await answering.answer(ticket.id, { ok: true, note: 'Enjoy.' }, 'grace');
}
await using last = await openRuntime({ db });
const outcome = await (await last.resume('v2', announce)).outcome();
assert.deepEqual(outcome, { status: 'done', output: 'sent' });
assert.deepEqual(sent, ['v2/send: Version 2.0 is out. Enjoy.']);
console.log(sent.join('\n'));
