/** `troupe secrets set`: values from the command line, the environment, stdin and a person, and none of them in a message. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Cli } from '../../../src/cli/cli.ts';
import { built } from '../../built.ts';
import { hidden, secretsCli } from './secretsCli.ts';

let at: ReturnType<typeof secretsCli>;
beforeEach(() => {
  at = secretsCli();
});
afterEach(() => at[Symbol.dispose]());

test('makes a secret and the key file, and says where the key is and that it is private', async () => {
  const { code, out, err } = await at.set('openai', `API_KEY=${hidden}`, 'URL=https://host/?a=b');
  expect([code, out]).toEqual([0, '']);
  expect(err).toBe(
    `Made the key file ${at.folder}/.config/troupe/secrets.key. Keep a copy in a safe place: without it the secrets are lost.\n` +
      'Made the secret "openai", which is private and has API_KEY, URL.\n',
  );
  expect(await at.valuesOf('openai')).toEqual({ API_KEY: hidden, URL: 'https://host/?a=b' });
  expect(readdirSync(join(at.folder, '.troupe'))).toEqual(['secrets']);
});

test('adds and replaces keys of one that there is, and keeps the others', async () => {
  await at.set('openai', 'API_KEY=one', 'OTHER=two');
  const { err } = await at.set('openai', 'API_KEY=three', 'MORE=four');
  expect(err).toBe('Changed the secret "openai", which is private and has API_KEY, MORE, OTHER.\n');
  expect(await at.valuesOf('openai')).toEqual({ API_KEY: 'three', MORE: 'four', OTHER: 'two' });
});

test('takes a value from the environment, and says so', async () => {
  const { err } = await at.run(['set', 'openai', '--value', 'API_KEY'], { env: { API_KEY: hidden } });
  expect(err).toContain('API_KEY is taken from the environment.\n');
  expect(err).not.toContain(hidden);
  expect(await at.valuesOf('openai')).toEqual({ API_KEY: hidden });
});

test('takes a value from stdin, without the line break at its end', async () => {
  const readAll = () => Promise.resolve(`${hidden}\nsecond line\r\n`);
  expect((await at.run(['set', 'openai', '--value', 'A=b', '--value', 'PEM'], { readAll })).code).toBe(0);
  expect(await at.valuesOf('openai')).toEqual({ A: 'b', PEM: `${hidden}\nsecond line` });
});

test('asks a person on a terminal, without showing what is typed', async () => {
  const hiddenAsked: unknown[] = [];
  const ask: Cli['ask'] = (question, _, options) => {
    hiddenAsked.push([question, options]);
    return Promise.resolve(`${hidden}-${hiddenAsked.length}`);
  };
  await at.run(['set', 'openai', '--value', 'A', '--value', 'B'], { isInteractive: true, ask });
  expect(hiddenAsked).toEqual([
    ['A (it is not shown): ', { hidden: true }],
    ['B (it is not shown): ', { hidden: true }],
  ]);
  expect(await at.valuesOf('openai')).toEqual({ A: `${hidden}-1`, B: `${hidden}-2` });
  const { code, err } = await at.run(['set', 'other', '--value', 'A'], { isInteractive: true, answers: [] });
  expect([code, err]).toEqual([2, 'No value was given for A; nothing was changed.\n']);
});

test('tells a person that the shell keeps a value of the command line', async () => {
  const { err } = await at.run(['set', 'openai', '--value', `A=${hidden}`], { isInteractive: true });
  expect(err).toContain('keeps this line in its history');
});

test('prints what it did for programs, without values', async () => {
  const { out } = await at.run(['set', 'openai', '--value', `A=${hidden}`, '--public', '--json']);
  expect(JSON.parse(out)).toEqual({
    name: 'openai',
    keys: ['A'],
    private: false,
    created: at.clock.now(),
    updated: at.clock.now(),
    isNew: true,
  });
});

test('makes a public secret private, and never a private one public', async () => {
  await at.run(['set', 'openai', '--value', 'A=one', '--public']);
  expect((await at.run(['set', 'openai', '--value', 'A=one', '--private'])).err).toContain('which is private');
  const { code, err } = await at.run(['set', 'openai', '--value', `A=${hidden}`, '--public']);
  expect([code, err]).toEqual([1, expect.stringMatching(/private secret is never made public/) as string]);
  expect((await at.run(['set', 'openai', '--value', 'A=b', '--public', '--private'])).code).toBe(2);
});

test.each<[string, string[], RegExp]>([
  ['no value', [], /at least one --value: KEY=value, or KEY alone/],
  ['an empty value', ['A='], /value of A of the secret "ok" is empty/],
  ['nothing on stdin', ['A'], /value of A of the secret "ok" is empty\. Check where it was to come from/],
  ['two values from stdin', ['A', 'B'], /A and B are not in the environment, and stdin can give one/],
  ['a key twice', [`A=${hidden}`, 'A=two'], /--value is given twice for A/],
  ['a key twice in two ways', [`A=${hidden}`, 'A'], /given twice for A/],
  ['a value without its key', [hidden], /"=" in number 1 is no such name/],
  ['a key that is none', ['A=b', `my-key=${hidden}`], /in number 2 is no such name/],
  ['no key', [`=${hidden}`], /in number 1/],
])('refuses %s as wrong usage, tells no value, and writes nothing', async (_, values, message) => {
  const { code, out, err } = await at.set('ok', ...values);
  expect(err).toMatch(message);
  expect([code, out]).toEqual([2, '']);
  expect(err).not.toContain(hidden);
  expect(existsSync(join(at.folder, '.troupe'))).toBe(false);
});

test.each([
  ['a name that is a value', hidden.toUpperCase(), /The name of a secret has up to 200/],
  ['no name', '', /The name of a secret/],
  ['a path', '../up', /The name of a secret/],
])('refuses %s', async (_, name, message) => {
  const { code, err } = await at.set(name, 'A=b');
  expect([code, err]).toEqual([2, expect.stringMatching(message) as string]);
  expect(err.toLowerCase()).not.toContain(hidden);
});

test('a line that must not be shown is not echoed while it is typed', () => {
  const asking = spawnSync(process.execPath, [built('test/cli/fixtures/hiddenAsk.ts')], {
    input: `${hidden}\r`,
    encoding: 'utf8',
  });
  expect(asking).toMatchObject({ status: 0, stdout: `got ${hidden}`, stderr: 'Key: \n' });
});
