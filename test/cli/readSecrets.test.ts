/** What a run reads of its secrets is masked in all that its command says. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runtimeOptions } from '../../src/cli/options.ts';
import { secretMask } from '../../src/observe/secretMask.ts';
import { flow, openRuntime, secretStore } from '../../src/index.ts';
import { systemClock } from '../../src/engine/clock.ts';

test('a value that a checkpoint reads is masked from then on, also one beside a journal that an option names', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'troupe-read-secrets-'));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  const env = { TROUPE_SECRETS_KEY_FILE: join(cwd, 'key') };
  const value = 'a value that nobody may see';
  await secretStore({ folder: join(cwd, 'data'), env }).set('service', { API_KEY: value });
  const mask = secretMask([]);
  const seen: string[] = [];
  const reads = flow('reads', (ctx) =>
    ctx.checkpoint('read', async () => {
      seen.push(mask.redact(value), mask.redact((await ctx.secret('service'))['API_KEY'] ?? ''));
    }),
  );
  const db = join('data', 'troupe.db');
  const options = runtimeOptions({ cwd, env, clock: systemClock(), mask }, { db });
  await using runtime = await openRuntime({ ...options, db: join(cwd, db), project: false });
  await (await runtime.start(reads, null)).outcome();
  expect(seen).toEqual([value, '[redacted]']);
});
