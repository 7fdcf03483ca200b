/** A recorded run: exported from its journal, replayed offline on the real machines, and compared with a changed definition. */
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agent, openRuntime, tool } from 'troupe';
import { cassette, cassetteText, exportRun, scriptedModel } from 'troupe/testing';
import { z } from 'zod';

let looked = 0;
const stock = tool({
  name: 'stock',
  description: 'How many boxes there are.',
  input: z.object({ item: z.string() }),
  output: z.number(),
  run: () => (looked++, 7),
});
const objectives = [{ id: 'short', says: 'The answer is short.', check: () => ({ met: true, says: 'it is' }) }];
const clerk = (change: { objectives?: typeof objectives } = {}) =>
  agent({
    name: 'clerk',
    tools: [stock],
    // Replaces a model that costs money; a replay calls neither.
    model: scriptedModel(({ messages }) =>
      messages.length === 1 ? { calls: [{ name: 'stock', input: { item: 'tea' } }] } : { text: 'Seven boxes.' },
    ),
    ...change,
  });

// An ordinary run: its journal has every effect with its result.
const runtime = await openRuntime({ db: 'memory' });
await (await runtime.start(clerk(), 'How much tea is there?', { key: 'job-42' })).outcome();
const tape = join(mkdtempSync(join(tmpdir(), 'troupe-tape-')), 'job-42.json');
writeFileSync(tape, cassetteText(await exportRun(runtime.journal, 'job-42')));
await runtime.close();
assert.equal(looked, 1);

// The same machines take the same path, and nothing is performed.
const { outcome, drift } = await cassette(tape).replay(clerk());
assert.equal(outcome.status, 'done');
assert.deepEqual(drift, []);
assert.equal(looked, 1, 'nobody looked again');
console.log('The recorded run goes the same way on today’s clerk.');

// A clerk whose answers are verified takes another path: the replay says where it left the recording.
const changed = await cassette(tape).replay(clerk({ objectives }), 'lenient');
assert.ok(changed.drift.length > 0);
const [first] = changed.drift;
console.log(`A changed clerk leaves it in "${first!.phase}": ${first!.message}`);

// In a test the strict replay is the assertion.
await assert.rejects(cassette(tape).replay(clerk({ objectives })), { kind: 'conflict' });
