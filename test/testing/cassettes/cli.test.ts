/** The real command exports a run as a cassette, and checks cassettes against a changed definition. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { built } from '../../built.ts';
import { workspace } from '../../cli/troupe.ts';

const fixture = (name: string) => built(join(import.meta.dirname, 'fixtures', name));

test('exported runs are replayed; after a change the report names those that take another path', async () => {
  using here = workspace();
  for (const q of ['tea', 'milk']) {
    expect((await here.troupe('run', fixture('clerk.ts'), '--set', `q=${q}`, '--key', `job-${q}`, '-q')).code).toBe(0);
    const exported = await here.troupe('runs', 'export', `job-${q}`, '--redact', 'sk-[a-z0-9-]+');
    expect(exported).toMatchObject({ code: 0, err: '' });
    here.file(`${q}.json`, exported.out);
  }
  expect(readFileSync(`${here.folder}/tea.json`, 'utf8')).toContain('"tea: [redacted]"');
  const both = ['--against', 'tea.json', '--against', 'milk.json'];

  const same = await here.troupe('check', fixture('clerk.ts'), ...both);
  expect(same).toMatchObject({ code: 0, err: '' });
  expect(same.out).toBe(
    'tea.json  job-tea: the same path (1 actor, 1 effect)\nmilk.json  job-milk: the same path (1 actor, 1 effect)\n2 of 2 recorded runs take the same path.\n',
  );

  const changed = await here.troupe('check', fixture('changed.ts'), ...both);
  expect(changed.code).toBe(1);
  expect(changed.out).toMatch(
    /^tea\.json {2}job-tea: another path; the first of 2 differences:\n {2}clerk\/job-tea, in "looking", step 1: "look" was asked with another input.*\n {6}\{\n {4}- {3}"q": "tea"\n {4}\+ {3}"q": "coffee"\n {6}\}\nmilk\.json {2}job-milk: the same path/,
  );
  expect(changed.out).toMatch(/1 of 2 recorded runs take the same path\.\n$/);

  const json = await here.troupe('check', fixture('changed.ts'), ...both, '--json');
  expect(JSON.parse(json.out)).toMatchObject([
    { run: 'job-tea', drift: [{ kind: 'input' }, { kind: 'end' }] },
    { drift: [] },
  ]);
});

test.each<[string, string[], RegExp]>([
  [
    'a missing cassette',
    ['check', fixture('clerk.ts'), '--against', 'no.json'],
    /There is no cassette .*no\.json\. Make one with "troupe runs export/,
  ],
  [
    'a damaged cassette',
    ['check', fixture('clerk.ts'), '--against', 'half.json'],
    /half\.json:1:\d+: this is no JSON, or it was cut short/,
  ],
  [
    'a cassette of a newer format',
    ['check', fixture('clerk.ts'), '--against', 'new.json'],
    /new\.json has format 2; this troupe reads format 1/,
  ],
  ['an unknown run', ['runs', 'export', 'job-x'], /There is no run "job-x"/],
  ['an invalid pattern', ['runs', 'export', 'job-x', '--redact', '('], /--redact expects a regular expression/],
  [
    'a pattern that masks everything',
    ['runs', 'export', 'job-x', '--redact', 'a*'],
    /fits the empty text, so it would mask everything/,
  ],
])('%s is wrong usage', async (_, args, says) => {
  using here = workspace();
  here.file('half.json', '{"troupe":"cass');
  here.file('new.json', '{"troupe":"cassette","format":2}');
  const { code, err, out } = await here.troupe(...args);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(says);
});
