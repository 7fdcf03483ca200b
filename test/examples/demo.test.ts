/** The demo as a user runs it: real files, the real filesystem server, a durable run, and citations of existing lines. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { run } from 'troupe';
import newsroom from '../../examples/demo/index.ts';

const citations = (text: string) =>
  [...text.matchAll(/\[([^\s[\]]+):(\d+)\]/g)].map(([, file, line]) => ({ file: file!, line: Number(line) }));

test('three agents summarize this project’s own documents, and every citation names an existing line', async () => {
  const folder = resolve(import.meta.dirname, '../..');
  const db = join(mkdtempSync(join(tmpdir(), 'troupe-demo-')), 'j.db');
  const { title, text } = await run(newsroom({ folder }), {}, { db, key: 'digest' });
  expect(title).not.toBe('');
  expect(citations(text).length).toBeGreaterThan(5);
  expect(citations(text).map(({ file }) => file)).toContain('README.md');
  for (const { file, line } of citations(text))
    expect(readFileSync(join(folder, file), 'utf8').split('\n')[line - 1]?.trim(), `${file}:${line}`).toBeTruthy();
  // The same key joins the same run: no file is read, and the result is returned again.
  expect(await run(newsroom({ folder }), {}, { db, key: 'digest' })).toEqual({ title, text });
});

test('a folder given by the user is read, and nothing outside it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-notes-'));
  mkdirSync(join(folder, 'docs'));
  writeFileSync(join(folder, 'tea.md'), '# Tea\n\nGreen tea is brewed with water that is hot but no longer boiling.\n');
  writeFileSync(join(folder, 'docs', 'cups.md'), '# Cups\n\nA cup without a handle keeps the hands warm in winter.\n');
  const { text } = await run(newsroom({ folder }), {}, { db: 'memory' });
  expect(citations(text).map(({ file, line }) => `${file}:${line}`)).toEqual(
    expect.arrayContaining(['tea.md:3', 'docs/cups.md:3']),
  );
});

test('a run on an empty folder fails with the reason', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-empty-'));
  await expect(run(newsroom({ folder }), {}, { db: 'memory' })).rejects.toMatchObject({ name: 'TroupeError' });
});
