/** Tests of the contract suites: a backend that breaks a promise fails, in the test of that promise. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** The names of the tests that failed, by suite. */
function failures(): Map<string, string[]> {
  const report = join(mkdtempSync(join(tmpdir(), 'troupe-suites-')), 'report.json');
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const { stderr } = spawnSync(
    process.execPath,
    [vitest, 'run', '--config', 'test/package/broken.config.ts', '--reporter=json', `--outputFile=${report}`],
    { cwd: root, encoding: 'utf8' },
  );
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults: { assertionResults: { ancestorTitles: string[]; title: string; status: string }[] }[];
  };
  const failed = new Map<string, string[]>();
  for (const { ancestorTitles, title, status } of testResults.flatMap(({ assertionResults }) => assertionResults)) {
    const suite = ancestorTitles.join(' ').replace(/ keeps the .* contract$/, '');
    failed.set(suite, [...(failed.get(suite) ?? []), ...(status === 'failed' ? [title] : [])]);
  }
  expect(failed.size, stderr).toBeGreaterThan(0);
  return failed;
}

test('a backend that breaks a promise fails by the name of the promise', () => {
  const failed = failures();
  const expected: Record<string, RegExp> = {
    'a transport that says taken before it is': /over when the recipient has taken the message/,
    'a transport that lets a second one listen': /an address has one listener/,
    'a transport that delivers once only': /a message that comes twice/,
    'a transport that forgets deadlines': /whose deadline has passed is refused/,
    'a journal that lets a former owner write': /a former owner can write nothing/,
    'a journal that handles a message twice': /a message is handled once/,
    'a journal that says stored when it is not': /does not follow the last one is refused/,
    'a journal that gives mail in another order': /messages wait in order/,
    'a journal that loses what actors wait for': /read back as it was committed, with what it waits for/,
  };
  expect([...failed.keys()].sort()).toEqual(Object.keys(expected).sort());
  for (const [suite, promise] of Object.entries(expected))
    expect(failed.get(suite), suite).toContainEqual(expect.stringMatching(promise));
});
