/** `troupe run --file`: images, audio and files beside the input. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { main } from '../../src/cli/program.ts';
import { testRuntime } from '../../src/testing/testRuntime.ts';
import { fakeCli } from './fakeCli.ts';

const definition = resolve(import.meta.dirname, 'fixtures/sees.ts');
const cwd = mkdtempSync(join(tmpdir(), 'troupe-file-'));
writeFileSync(join(cwd, 'picture.png'), Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'));
writeFileSync(join(cwd, 'notes.md'), '# Notes');

const troupe = (...args: string[]) => running(definition, ...args);
const running = async (file: string, ...args: string[]) => {
  const cli = fakeCli({ cwd, isInteractive: false, open: (options) => testRuntime(options) });
  const code = await main(['run', file, ...args], cli);
  return { code, out: cli.outputText(), err: cli.errorText() };
};

test('--file gives the agent a file, by a path from the current folder, and may be repeated', async () => {
  const { code, out } = await troupe('--input', 'What is it?', '--file', 'picture.png', '-f', 'notes.md');
  expect([code, out.trim()]).toEqual([0, 'What is it? | picture.png image/png 12 | notes.md text/markdown 12']);
});

test('a file without an input is enough', async () => {
  expect((await troupe('--file', 'picture.png')).out).toContain('picture.png image/png 12');
});

test('a file that cannot be read is named, and nothing is run', async () => {
  const { code, err } = await troupe('--input', 'x', '--file', 'gone.png');
  expect(code).not.toBe(0);
  expect(err).toContain(join(cwd, 'gone.png'));
});

const together = resolve(import.meta.dirname, 'fixtures/seesTogether.ts');
test.each(['team', 'orchestrator', 'guarded'])('--file gives a file to what is a %s', async (kind) => {
  const { code, out } = await running(
    together,
    '--set',
    `kind=${kind}`,
    '--input',
    'What is it?',
    '--file',
    'picture.png',
  );
  expect(code).toBe(0);
  expect(out).toContain('What is it? | picture.png image/png 12');
});

test('--file for a machine is refused, and nothing is run', async () => {
  const { code, err } = await running(together, '--set', 'kind=machine', '--file', 'picture.png');
  expect(code).not.toBe(0);
  expect(err).toContain('"together" is a machine and takes no parts');
});

test('--file gives a file to every task of agents in JSON', async () => {
  const agents = join(cwd, 'agents.json');
  writeFileSync(agents, JSON.stringify([{ id: 'ada', name: 'Ada', role: 'reader' }]));
  const { code, out, err } = await running(agents, '--task', 'What do the notes say?', '--file', 'notes.md');
  expect([code, err]).toEqual([0, expect.stringContaining('No model is set') as string]);
  expect(out).toContain('"success": true');
});
