/** Steps with `cache`: a later run takes the result of an earlier one. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StepRecord } from '../../src/contracts/workflow/step.ts';
import { openRuntime } from '../../src/runtime/runtime.ts';
import { loadedWorkflow } from '../../src/runtime/workflow.ts';
import { receiver } from '../security/receiver.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'troupe-cache-'));
  mkdirSync(join(dir, 'workflows'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Runs a workflow that sends one webhook with `cache`; gives the end of that step. */
async function sent(url: string, input: object, cache = '1h') {
  const file = join(dir, 'workflows', 'send.workflow.yaml');
  writeFileSync(
    file,
    `kind: workflow\nname: send\npipeline:\n  - id: send\n    cache: ${cache}\n    webhook:\n      url: "${url}/x"\n      body: { q: "{{ params.q }}" }\n`,
  );
  await using runtime = await openRuntime({ db: 'memory' });
  const run = await runtime.start(await loadedWorkflow(file, { allow: ['127.0.0.1', 'localhost'] }), input);
  expect(await run.outcome()).toMatchObject({ status: 'done' });
  const records: readonly unknown[] = await runtime.journal.list(run.root, 'records');
  // The list holds the records of steps.
  return (records as readonly StepRecord[])[0]?.end;
}

test('the same step with the same input is done once, also by another process; another input is done again', async () => {
  await using server = await receiver((_, response) => response.end('{}'));
  expect(await sent(server.url, { q: 1 })).toMatchObject({ status: 'complete' });
  expect(await sent(server.url, { q: 1 })).toMatchObject({ cached: true, output: { sent: true, status_code: 200 } });
  expect(server.received).toHaveLength(1);
  expect(await sent(server.url, { q: 2 })).not.toHaveProperty('cached');
  expect(server.received).toHaveLength(2);
});

test('a result is taken no longer than the step says, and a damaged file is no result', async () => {
  await using server = await receiver((_, response) => response.end('{}'));
  await sent(server.url, { q: 3 }, '1ms');
  await sent(server.url, { q: 3 }, '1ms');
  expect(server.received).toHaveLength(2);
  await sent(server.url, { q: 4 });
  const kept = join(dir, '.troupe', 'steps');
  for (const name of readdirSync(kept)) writeFileSync(join(kept, name), '{ "until": 9');
  await sent(server.url, { q: 4 });
  expect(server.received).toHaveLength(4);
});
