/** A value of the store of secrets is in nothing that a process shows or writes, whatever a run does with it. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { flow, openRuntime, secretStore } from 'troupe';
import { exportRun } from 'troupe/testing';
import { troupeClient } from '../../src/client/index.ts';
import { processMask } from '../../src/observe/processMask.ts';
import { gauge, metricsText } from '../../src/observe/metricsText.ts';
import { main } from '../../src/cli/program.ts';
import { fakeCli } from '../cli/fakeCli.ts';
import { secretsFolder } from './folder.ts';

const canary = 'sk-canary-5f3e9d';

/** Does everything with a secret that it must not. */
const careless = flow('careless', async (ctx) => {
  const key = await ctx.checkpoint('take', async () => {
    const { API_KEY = '' } = await ctx.secret('openai');
    ctx.log({ key: API_KEY });
    await ctx.save('note', `The key is ${API_KEY}.`);
    return { key: API_KEY, [API_KEY]: Buffer.from(`user:${API_KEY}`).toString('base64') };
  });
  ctx.log({ again: key });
  return ctx.checkpoint('fail', { retries: 0 }, async () => {
    const { API_KEY = '' } = await ctx.secret('openai');
    throw new TypeError(`401: ${API_KEY} is not known`);
  });
});

test('a value that a run has read is in no record, log, artifact, failure, cassette or label', async () => {
  using at = secretsFolder();
  await at.open().set('openai', { API_KEY: canary });
  const secrets = secretStore({ folder: at.path, env: at.env });
  await using runtime = await openRuntime({ db: join(at.path, 'troupe.db'), env: {}, secrets });
  const seen: unknown[] = [];
  runtime.observe((event) => void seen.push(event));
  await (await runtime.start(careless, null, { key: 'r1' })).outcome();
  await using client = await troupeClient({ runtime });
  const sinks = {
    run: await client.executions.get('r1'),
    logs: await client.executions.logs('r1'),
    artifact: await client.artifacts.get('r1/take/note'),
    cassette: await exportRun(runtime.journal, 'r1', { env: {} }),
    rows: await runtime.journal.find({ run: 'r1' }),
    ledger: await runtime.journal.ledger('r1'),
    events: seen,
    metrics: metricsText([gauge('troupe_x', 'X.', 1, { model: canary })], processMask.redact),
  };
  for (const [name, sink] of Object.entries(sinks)) {
    const text = JSON.stringify(sink);
    expect(text, name).not.toContain(canary);
    expect(text, name).not.toContain(Buffer.from(`user:${canary}`).toString('base64'));
  }
  expect(sinks.artifact.value).toBe('The key is [redacted].');
});

test('an export masks the values of all stored secrets, also of those that no run has read', async () => {
  using at = secretsFolder();
  const other = 'sk-other-canary-77';
  await at.open().set('github', { TOKEN: other });
  const db = join(at.path, 'troupe.db');
  const leak = flow('leak', async (ctx) => ctx.checkpoint('guess', () => `It is ${other}.`));
  await using runtime = await openRuntime({ db, env: {} });
  await (await runtime.start(leak, null, { key: 'r2' })).outcome();
  const cli = fakeCli({ cwd: at.path, env: at.env, open: (options) => openRuntime({ ...options, env: {} }) });
  expect(await main(['runs', 'export', 'r2', '--db', db], cli)).toBe(0);
  expect(cli.outputText()).toContain('It is [redacted].');
  expect(cli.outputText()).not.toContain(other);
});
