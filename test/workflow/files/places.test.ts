/** A problem inside a text is shown where it stands in the file, however the text is written. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadProject } from '../../../src/workflow/files/project/project.ts';
import { validateProject } from '../../../src/workflow/files/report/validate.ts';
import { problemsIn, written } from './written.ts';

/** A body with a text in which `nope` stands for nothing; where the error must be is found by the name itself. */
async function placeOfNope(text: string): Promise<[found: string | undefined, expected: string]> {
  const file = `pipeline:\n  - id: a\n    webhook:\n      url: "https://example.com"\n      body:\n        t: ${text}\n`;
  const before = file.slice(0, file.indexOf('nope')).split(/\r?\n/);
  const [problem = ''] = await problemsIn({ 'workflows/w.workflow.yaml': file });
  expect(problem).toMatch(/"nope" stands for nothing/);
  return [problem.split(' ')[0], `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`];
}

test('a text behind an anchor is shown in place, one behind an alias at the alias, and what is far inside at its beginning', async () => {
  const body = (t: string) =>
    problemsIn({
      'workflows/w.workflow.yaml': `pipeline:\n  - id: a\n    webhook: {url: "https://x.example", body: {${t}}}\n`,
    });
  const places = async (t: string) => (await body(t)).map((problem) => problem.split(' ')[0]);
  expect(await places('t: &x "see {{ nope.x }}", u: *x')).toEqual(['3:62', '3:77']);
  expect(await places(`t: "${'-'.repeat(5_000)}{{ nope.x }}"`)).toEqual(['3:51']);
});

test('keys that are there twice and numbers that are not exact are all told, each once', async () => {
  const file =
    'kind: workflow\nkind: workflow\npipeline:\n  - &a {id: a, id: b, webhook: {url: "https://x.example", body: {n: 12345678901234567890, i: .inf}}}\n  - *a\n';
  expect(await problemsIn({ 'workflows/w.workflow.yaml': file })).toEqual([
    '2:1 error The key "kind" is in this map twice.',
    '4:16 error The key "id" is in this map twice.',
    '4:69 error The number 12345678901234567890 is too large to be exact. Write it in quotes.',
    '4:94 error A number must be finite.',
  ]);
});

test('a file that is no UTF-8 is told of at the first byte that is none', async () => {
  const folder = written({});
  mkdirSync(join(folder, 'workflows'));
  const bytes = [...Buffer.from('pipeline: []\nname: '), 0xff];
  writeFileSync(join(folder, 'workflows', 'w.workflow.yaml'), Buffer.from(bytes));
  const report = await validateProject(await loadProject({ projectDir: folder, env: {} }));
  expect(report.files[0]?.problems).toMatchObject([
    { line: 2, column: 7, message: expect.stringMatching(/^The file cannot be read: not UTF-8/) as string },
  ]);
});

test.each([
  ['plain', 'see {{ nope.x }}'],
  ['in double quotes', '"see {{ nope.x }}"'],
  ['behind escapes', String.raw`"\u0041\t\x41\\\"\U0001F600 {{ nope.x }}"`],
  ['in single quotes', "'it''s ''here'' {{ nope.x }}'"],
  ['in a block', '|\n          one\n\n            two {{ nope.x }}\n          three'],
  ['in a block after an empty line', '|\n\n          {{ nope.x }}'],
  ['in a block that is cut', '|-\n          one\n          {{ nope.x }}'],
  ['in a block with lines that end in a carriage return', '|\r\n          one\r\n          two {{ nope.x }}\r\n'],
  ['in folded lines', '>-\n          one\n          two {{ nope.x }}'],
  ['in folded lines after empty ones', '>\n          one\n\n\n          two\n          three {{ nope.x }}'],
  ['in folded lines of another indentation', '>\n          one\n            two\n          three {{ nope.x }}'],
  ['in quotes over several lines', '"one\n          two  \n\n          three {{ nope.x }}"'],
  ['in quotes with a line that goes on', '"one \\\n          two {{ nope.x }}"'],
  ['in single quotes over several lines', "'one\n          two {{ nope.x }}'"],
  ['plain over several lines', 'one\n          two {{ nope.x }}'],
])('%s', async (_, text) => {
  const [found, expected] = await placeOfNope(text);
  expect(found).toBe(expected);
});
