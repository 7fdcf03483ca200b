/** A recorded run on an agent whose tools have changed since: each change is named. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { agent, tool } from 'troupe';
import { cassette, cassetteText, exportRun, scriptedModel, testRuntime } from 'troupe/testing';
import { workspace } from '../../cli/troupe.ts';

const shape = {
  name: 'mail',
  description: 'Sends a letter.',
  effect: 'write' as 'write' | 'read',
  input: z.object({ to: z.string() }) as z.ZodObject,
  output: z.string(),
  run: () => 'sent',
};
const clerk = (changes: object = {}) =>
  agent({
    name: 'clerk',
    tools: [tool({ ...shape, ...changes })],
    model: scriptedModel(({ messages }) =>
      messages.length === 1 ? { calls: [{ name: 'mail', input: { to: 'ada' } }] } : { text: 'Sent.' },
    ),
  });

async function recorded() {
  await using runtime = await testRuntime();
  const run = await runtime.start(clerk(), 'Write to Ada.');
  await run.outcome();
  return exportRun(runtime.journal, run.id, { env: {} });
}

test.each<[string, object, RegExp | undefined]>([
  ['nothing', {}, undefined],
  ['a tool that was renamed', { name: 'post' }, /called "mail" when it was recorded, and it has no such tool now/],
  ['a write that became a read', { effect: 'read' }, /"mail" was a write when it was recorded, and is a read now/],
  [
    'an approval that was added',
    { approval: true },
    /did not need a person's yes when it was recorded, and needs it now/,
  ],
  ['a write that became idempotent', { idempotent: true }, /was not idempotent when it was recorded, and is now/],
  [
    'an input schema that was narrowed',
    { input: z.object({ to: z.email() }) },
    /input of a recorded call of "mail" does not fit/,
  ],
])('what a replay says of %s', async (_, changes, says) => {
  using dir = workspace();
  const file = dir.file('run.json', cassetteText(await recorded()));
  const { drift } = await cassette(file).replay(clerk(changes), 'lenient');
  const messages = drift.filter(({ kind }) => kind === 'tool').map(({ message }) => message);
  expect(messages).toEqual(says ? [expect.stringMatching(says)] : []);
  if (!says) expect(drift).toEqual([]);
});
