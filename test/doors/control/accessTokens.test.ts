/** Tokens for programs: made, replaced and removed. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { virtualClock } from 'troupe/testing';
import { accessTokens } from '../../../src/doors/http/control/accessTokens.ts';

let folder = '';
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'tokens-')), 'tokens');
});
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

test('a token is accepted until it is removed, by every process that uses the folder', async () => {
  const clock = virtualClock();
  const tokens = accessTokens(folder, clock);
  const { token, ...info } = await tokens.create('ci');
  const other = accessTokens(folder, clock);
  expect(await other.accepts(token)).toBe(true);
  expect(await other.list()).toEqual([info]);
  await tokens.delete('ci');
  expect(await other.accepts(token)).toBe(false);
  expect(await other.list()).toEqual([]);
});

test('a token that was rotated stops working at once, and the new one lives as long as the old one was to live', async () => {
  const clock = virtualClock();
  const tokens = accessTokens(folder, clock);
  const first = await tokens.create('ci', { expiresIn: '1h' });
  clock.advance(50 * 60_000);
  const second = await tokens.rotate('ci');
  expect([await tokens.accepts(first.token), await tokens.accepts(second.token)]).toEqual([false, true]);
  clock.advance(59 * 60_000);
  expect(await tokens.accepts(second.token)).toBe(true);
  clock.advance(60_000);
  expect(await tokens.accepts(second.token)).toBe(false);
});

test('a token that was rotated works on for as long as it was kept, and no longer than it was to live', async () => {
  const clock = virtualClock();
  const tokens = accessTokens(folder, clock);
  const first = await tokens.create('ci', { expiresIn: '1h' });
  const second = await tokens.rotate('ci', { keepFor: '10m' });
  const accepted = () => Promise.all([first, second].map(({ token }) => tokens.accepts(token)));
  expect(await accepted()).toEqual([true, true]);
  expect(await tokens.list()).toEqual([expect.not.objectContaining({ token: expect.anything() as unknown })]);
  clock.advance(10 * 60_000);
  expect(await accepted()).toEqual([false, true]);
  const third = await tokens.rotate('ci', { keepFor: '9h' });
  expect([await tokens.accepts(second.token), await tokens.accepts(third.token)]).toEqual([true, true]);
  clock.advance(50 * 60_000);
  expect([await tokens.accepts(second.token), await tokens.accepts(third.token)]).toEqual([false, true]);
  await tokens.rotate('ci', { keepFor: '1h' });
  await tokens.delete('ci');
  expect(await tokens.accepts(third.token)).toBe(false);
  await expect(tokens.rotate('ci')).rejects.toMatchObject({ kind: 'unknown_recipient' });
});

test('the folder has nothing by which a token could be used, and nobody else may read it', async () => {
  const tokens = accessTokens(folder, virtualClock());
  const { token } = await tokens.create('ci');
  const [file = '', ...others] = await readdir(folder);
  expect([file, others]).toEqual(['ci.json', []]);
  const text = await readFile(join(folder, file), 'utf8');
  expect(text).not.toContain(token.split('.')[1]);
  expect((await stat(join(folder, file))).mode & 0o77).toBe(0);
  const hash = (JSON.parse(text) as { hash: string }).hash;
  for (const guess of [
    hash,
    `troupe_ci.${hash}`,
    token.slice(0, -1),
    `${token}x`,
    '',
    'ci',
    token.replace('ci', '../ci'),
  ])
    expect(await tokens.accepts(guess)).toBe(false);
});

test('two tokens made under one name at once: one of them is refused', async () => {
  const tokens = accessTokens(folder, virtualClock());
  const made = await Promise.allSettled([tokens.create('ci'), tokens.create('ci'), tokens.create('ci')]);
  expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const each of made)
    if (each.status === 'rejected') expect(each.reason).toMatchObject({ kind: 'conflict' });
    else expect(await tokens.accepts(each.value.token)).toBe(true);
});

test.each(['', 'Ä', '../x', 'a/b', 'x'.repeat(65), '__proto__'])('%j is no name of a token', async (name) => {
  const tokens = accessTokens(folder, virtualClock());
  for (const tried of [tokens.create(name), tokens.rotate(name), tokens.delete(name)])
    await expect(tried).rejects.toMatchObject({ kind: 'invalid' });
});

test('what there is not cannot be rotated or removed, and a duration must be one', async () => {
  const tokens = accessTokens(folder, virtualClock());
  await expect(tokens.rotate('none')).rejects.toMatchObject({ kind: 'unknown_recipient' });
  await expect(tokens.delete('none')).rejects.toMatchObject({ kind: 'unknown_recipient' });
  await expect(tokens.create('ci', { expiresIn: 'soon' })).rejects.toMatchObject({ kind: 'invalid' });
  expect(await tokens.list()).toEqual([]);
});

test('a file that is damaged is no token', async () => {
  const tokens = accessTokens(folder, virtualClock());
  const { token } = await tokens.create('ci');
  await writeFile(join(folder, 'ci.json'), '{"name":"ci","hash":"');
  expect(await tokens.accepts(token)).toBe(false);
  expect(await tokens.list()).toEqual([]);
});
