/** What is said of mistakes in the commands of deployments: what was expected, what came, and what to do. Nothing is deployed then. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { main } from '../../src/cli/program.ts';
import { testRuntime } from '../../src/testing/testRuntime.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { root } from '../built.ts';
import { fakeCli } from './fakeCli.ts';

// In this project, so that deployed code finds this package.
mkdirSync(join(root, '.troupe'), { recursive: true });
const cwd = mkdtempSync(join(root, '.troupe/mistakes-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));
const hello = join(import.meta.dirname, 'fixtures/hello.ts');

async function troupe(...args: string[]) {
  const cli = fakeCli({ cwd, isInteractive: false, clock: systemClock(), open: (options) => testRuntime(options) });
  const code = await main(args, cli);
  return { code, out: cli.outputText(), err: cli.errorText() };
}

beforeAll(async () => {
  writeFileSync(join(cwd, 'broken.mjs'), 'export default {');
  writeFileSync(join(cwd, 'seven.mjs'), 'export default 7;');
  expect(await troupe('deploy', hello, '--name', 'desk')).toMatchObject({ code: 0, out: 'desk@1\n' });
  await troupe('deploy', hello, '--name', 'desk', '--tag', 'canary');
});

test.each<[string, number, RegExp]>([
  ['deploy gone.mjs', 2, /There is no file gone\.mjs/],
  ['deploy broken.mjs', 2, /broken\.mjs/],
  ['deploy seven.mjs', 2, /is a number\. Expected a team/],
  [`deploy ${hello} --name a::b`, 2, /A deployment is named by letters/],
  [`deploy ${hello} --tag 7`, 2, /A tag is 1 to 64 letters/],
  [`deploy ${hello} --exclusive`, 2, /name one with --tag/],
  [`deploy ${hello} --input {"a"`, 2, /looks like JSON but is not/],
  [`deploy ${hello} --version 2`, 2, /unknown option/],
  [`deploy ${hello} --env x.env.yaml`, 2, /--env is for workflows/],
  ['invoke gone', 2, /There is no deployment "gone".*--nats URL.*--orchestrator URL/],
  ['invoke desk --version 0', 2, /Expected a whole number/],
  ['invoke desk --version 1 --tag default', 2, /Name one version/],
  ['invoke desk@2 --tag default', 2, /Name one version/],
  ['invoke desk --version 3', 2, /has no version 3; it has 2, 1/],
  ['invoke desk --tag prod', 2, /No version of "desk" has the tag "prod"; there are canary, default/],
  ['invoke desk --input x --detach', 2, /is run by this process/],
  ['invoke desk --input x --within 5m', 2, /is run by this process/],
  ['invoke desk', 2, /takes a text.*"troupe deployments show desk@1" shows what it takes/],
  ['deployments show gone', 2, /There is no deployment "gone"/],
  ['deployments delete desk', 2, /Say what is to be deleted/],
  ['deployments delete desk --version 1 --all', 2, /Say what is to be deleted/],
  ['deployments delete desk --version 1', 1, /has the exclusive tag "default"/],
  ['deployments tag desk x', 2, /required option '--version <number>'/],
  ['deployments tag desk v3 --version 1', 2, /A tag is 1 to 64 letters/],
  ['deployments untag desk prod --version 1', 2, /has no tag "prod"/],
  ['deployments untag desk default --version 1', 1, /cannot be removed/],
])('troupe %s', async (line, code, says) => {
  const before = await troupe('deployments', 'list', '--json');
  const done = await troupe(...line.split(' '));
  expect(done).toMatchObject({ code, err: expect.stringMatching(says) as string, out: '' });
  expect(await troupe('deployments', 'list', '--json')).toEqual(before);
});

test('a version is shown for people, with its tags and what it takes', async () => {
  const { out } = await troupe('deployments', 'show', 'desk');
  expect(out).toMatch(/version +1\ntags +default\*\ndefines +agent/);
  expect((await troupe('deployments', 'list')).out).toMatch(/desk +2 +canary +agent/);
});

test('the version of the program is still printed', async () => {
  expect((await troupe('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
});
