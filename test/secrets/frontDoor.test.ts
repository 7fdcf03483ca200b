/** Secrets from code: `secretStore()` of the front door. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { agent, openRuntime, run, secretStore, tool } from 'troupe';
import { exportRun, scriptedModel } from 'troupe/testing';
import { z } from 'zod';
import { secretsFolder } from './folder.ts';

test('code reads what the command has set, and can mask what it reads', async () => {
  using at = secretsFolder();
  await at.open().set('openai', { API_KEY: 'sk-very-hidden-value' });
  const masked: string[] = [];
  const store = secretStore({ folder: at.path, env: at.env, onRead: (values) => void masked.push(...values) });
  expect((await store.get('openai')).values).toEqual({ API_KEY: 'sk-very-hidden-value' });
  expect(masked).toEqual(['sk-very-hidden-value']);
});

test('what code sets has the time of the machine, and is read by the command', async () => {
  using at = secretsFolder();
  const store = secretStore({ folder: at.path, env: at.env });
  const before = Date.now();
  const { created, isNew } = await store.set('github', { TOKEN: 'one' }, { private: false });
  expect(isNew).toBe(true);
  expect(created).toBeGreaterThanOrEqual(before);
  expect(await at.open().get('github')).toMatchObject({ private: false, values: { TOKEN: 'one' } });
});

test('a tool that returns a secret by mistake stores no value of it', async () => {
  using at = secretsFolder();
  await at.open().set('openai', { API_KEY: 'sk-very-hidden-value' });
  const store = secretStore({ folder: at.path, env: at.env });
  const careless = tool({
    name: 'careless',
    description: 'Returns what it must not.',
    effect: 'read',
    input: z.object({}),
    output: z.unknown(),
    run: () => store.get('openai'),
  });
  const clerk = agent({
    name: 'clerk',
    tools: [careless],
    model: scriptedModel([{ calls: [{ name: 'careless', input: {} }] }, { text: 'done' }]),
  });
  const journal = { db: join(at.path, 'troupe.db'), env: {} };
  expect(await run(clerk, 'Go.', { ...journal, key: 'r1' })).toBe('done');
  await using runtime = await openRuntime(journal);
  const stored = JSON.stringify(await exportRun(runtime.journal, 'r1', { env: {} }));
  expect(stored).toContain('openai');
  expect(stored).not.toContain('sk-very-hidden-value');
});

test('secrets of two folders are kept apart', async () => {
  using at = secretsFolder();
  const [one, other] = ['one', 'other'].map((name) => secretStore({ folder: join(at.path, name), env: at.env }));
  await one?.set('openai', { API_KEY: 'one' });
  expect(await other?.list()).toMatchObject({ total: 0 });
});
