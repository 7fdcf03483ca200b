/** The workflow projects of the examples run offline as they are, with the real tool servers that they bring. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openRuntime, run, workflow } from 'troupe';
import { loadProject } from '../../src/workflow/files/project/project.ts';
import { validateProject } from '../../src/workflow/files/report/validate.ts';
import { root } from '../built.ts';

const examples = join(root, 'examples');
const projects = readdirSync(examples).filter((name) => /^\d\d-[^.]*$/.test(name));
const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));
const newFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-workflows-'));
  folders.push(folder);
  return folder;
};

test.each(projects)('%s has no error and no warning', async (name) => {
  const report = await validateProject(await loadProject({ projectDir: join(examples, name), env: {} }));
  expect(report.files.flatMap(({ problems }) => problems)).toEqual([]);
});

test('the news are fetched over MCP from a feed, filtered, and summarised', async () => {
  const news = await workflow(join(examples, '16-news/workflows/news.workflow.yaml'));
  expect(await run(news, { topic: 'actor' }, { db: 'memory' })).toEqual({
    digest: expect.stringContaining('actor') as string,
    stories: ['Mailboxes without locks', 'An actor system survives a power cut'],
  });
});

test('a project that was copied to another folder runs unchanged, also its tool server', async () => {
  const copy = join(newFolder(), 'copied');
  cpSync(join(examples, '16-news'), copy, { recursive: true });
  // What `npm install` would do.
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const news = await workflow(join(copy, 'workflows/news.workflow.yaml'));
  expect(await run(news, { topic: 'museum' }, { db: 'memory' })).toMatchObject({
    stories: ['A museum of compilers opens'],
  });
});

test('each file of a folder is an item, and one that fails does not stop the others', async () => {
  const folder = await workflow(join(examples, '17-folder/workflows/folder.workflow.yaml'));
  expect(await run(folder, {}, { db: 'memory' })).toEqual({
    files: [
      { file: 'cups.md', title: 'Cups', words: 23 },
      { file: 'tea.md', title: 'Green tea', words: 16 },
    ],
    failed: [0],
  });
});

const publishing = () => workflow(join(examples, '18-approval/workflows/publish.workflow.yaml'));

test('a notice is published after a person has said yes, and has approved the very call', async () => {
  await using runtime = await openRuntime({ db: 'memory' });
  const handle = await runtime.start(await publishing(), { text: 'Tea is at four.' });
  for (const answer of [{ publish: true }, { approved: true }]) {
    const waiting = await handle.outcome({ returnWhenWaiting: true });
    if (waiting.status !== 'waiting') throw new Error(`It does not wait: ${JSON.stringify(waiting)}`);
    await runtime.answer(waiting.tickets[0]?.id ?? '', answer, 'Grace');
  }
  const published = { published: expect.stringMatching(/^notice-[0-9a-f]{8}$/) as string };
  expect(await handle.outcome()).toMatchObject({ status: 'done', output: published });
});

test('without the yes nothing is published, and the reason is in the result', async () => {
  await using runtime = await openRuntime({ db: 'memory' });
  const handle = await runtime.start(await publishing(), { text: 'Tea is at four.' });
  const waiting = await handle.outcome({ returnWhenWaiting: true });
  if (waiting.status !== 'waiting') throw new Error(`It does not wait: ${JSON.stringify(waiting)}`);
  await runtime.answer(waiting.tickets[0]?.id ?? '', { publish: false, reason: 'Not now.' }, 'Grace');
  const outcome = await handle.outcome();
  expect(outcome).toMatchObject({ status: 'done', output: { reason: 'Not now.' } });
  expect(JSON.stringify(outcome)).not.toContain('notice-');
});

test('a secret of the environment reaches the tool server of a sub-workflow, and no file of the journal', async () => {
  const folder = newFolder();
  const file = join(examples, '19-secrets/workflows/report.workflow.yaml');
  const report = await workflow(file, { env: { ...process.env, LEDGER_TOKEN: 'demo-token' } });
  const accounts = ['tea', 'cups', 'spoons'];
  expect(await run(report, { accounts }, { db: join(folder, 'j.db') })).toEqual({
    balances: [
      { account: 'tea', balance: 120 },
      { account: 'cups', balance: 34 },
      { account: 'spoons', balance: 0 },
    ],
  });
  const stored = readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes('demo-token'));
  expect(stored).toEqual([]);
});

test('with a wrong secret the run fails with what the tool server says, without the secret', async () => {
  const file = join(examples, '19-secrets/workflows/report.workflow.yaml');
  const report = await workflow(file, { env: { ...process.env, LEDGER_TOKEN: 'another-token' } });
  const failed = run(report, { accounts: ['tea'] }, { db: 'memory' });
  await expect(failed).rejects.toMatchObject({ name: 'TroupeError' });
  await expect(failed).rejects.not.toMatchObject({ message: expect.stringContaining('another-token') as string });
});
