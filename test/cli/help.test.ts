/** The help of the command line, and its messages for wrong usage. */
import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { main } from '../../src/cli/program.ts';
import { openRuntime } from '../../src/runtime/runtime.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { fakeCli } from './fakeCli.ts';
import { workspace } from './troupe.ts';

const commands = [
  'run',
  'runs list',
  'runs get',
  'runs tail',
  'runs logs',
  'runs timeline',
  'runs diff',
  'runs signal',
  'runs replay',
  'runs why',
  'runs export',
  'runs cancel',
  'runs pause',
  'runs configure',
  'runs reset',
  'runs resume',
  'runs prune',
  'waits list',
  'waits answer',
  'waits abort',
  'dead list',
  'dead show',
  'dead redrive',
  'dead drop',
  'artifacts list',
  'artifacts get',
  'artifacts save',
  'secrets set',
  'secrets show',
  'secrets list',
  'secrets delete',
  'secrets rotate',
  'node',
  'nodes',
  'ps',
  'drain',
  'migrate',
  'invoke',
  'deploy',
  'deployments list',
  'deployments show',
  'deployments tag',
  'deployments untag',
  'deployments curl',
  'deployments delete',
  'schedules add',
  'schedules list',
  'schedules pause',
  'schedules resume',
  'schedules delete',
  'schedules run-now',
  'schedules run',
  'serve',
  'start orchestrator',
  'start runtime',
  'start gateway',
  'nats-config',
  'graph',
  'cover',
  'check',
  'simulate',
  'doctor',
];

/** Runs the command line in this process, which is enough for its messages. */
async function errorText(...args: string[]) {
  const cli = fakeCli({ clock: systemClock(), open: openRuntime, cwd: '/nowhere' });
  const code = await main(args, cli);
  return { code, out: cli.outputText(), err: cli.errorText() };
}

test('--version prints the version and nothing else', async () => {
  using dir = workspace();
  expect(await dir.troupe('--version')).toEqual({ code: 0, out: `${packageJson.version}\n`, err: '' });
});

test('--help lists every command on stdout', async () => {
  using dir = workspace();
  const { code, out, err } = await dir.troupe('--help');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  for (const name of ['run', 'runs', 'waits', 'graph', 'doctor']) expect(out).toMatch(new RegExp(`^  ${name}`, 'm'));
  expect(out).toContain('Exit codes');
});

test.each(commands)('"troupe %s --help" has an example', async (command) => {
  const { code, out } = await errorText(...command.split(' '), '--help');
  expect(code).toBe(0);
  expect(out).toMatch(new RegExp(`\\$ troupe ${command}`));
});

test.each([
  [['run', 'x.ts', '--jsn'], /unknown option '--jsn'[\s\S]*Did you mean --json[\s\S]*troupe run --help/],
  [['rnu'], /unknown command 'rnu'[\s\S]*Did you mean run/],
  [['runs', 'lst'], /Did you mean list/],
  [['run'], /missing required argument 'file'/],
  [['runs', 'get', 'a', 'b'], /too many arguments/],
  [['runs', 'list', '--limit', 'many'], /whole number/],
  [['run', 'x.ts', '--deadline', '5'], /number with a unit/],
  [['run', 'x.ts', '--log', 'loud'], /Allowed choices are trace/],
  [['waits', 'answer', 'wait/x'], /--yes, --no, --happened yes\|no, or --answer JSON/],
  [['waits', 'answer', 'wait/x', '--happened', 'perhaps'], /Allowed choices are yes, no/],
  [['waits', 'answer', 'wait/x', '--yes', '--happened', 'no'], /cannot be used with option/],
  [['waits', 'answer', 'wait/x', '--yes', '--no'], /cannot be used with option/],
  [['waits', 'answer', 'wait/x', '--answer', '{bad'], /--answer must be JSON/],
  [['waits', 'answer', 'wait/none', '--yes'], /no ticket "wait\/none"/],
  [['runs', 'get', 'none'], /There is no run "none"/],
  [['run', 'x.ts', '--input', '{bad'], /--input looks like JSON but is not/],
  [['run', 'x.ts', '--input', '{"id":9007199254740993}'], /9007199254740993.*Write it as a text/],
  [['run', 'x.ts', '--set', 'novalue'], /--set expects key=value/],
  [['runs', 'prune'], /--older-than/],
  [['node', 'x.ts'], /--nats nats:\/\/host:port/],
  [['node', 'x.ts', '--weight', '-1'], /number above 0/],
  [['node', 'x.ts', '--health', 'here'], /0\.0\.0\.0:8080/],
  [['nodes'], /--nats nats:\/\/host:port/],
  [['migrate', '--to', 'a'], /--of NAME/],
  [['migrate', 'job-42'], /required option '--to <node>'/],
  [['dead', 'show', 'm-17'], /no dead letter "m-17"/],
])('%j is wrong usage, and the message says what to do', async (args, says) => {
  const { code, out, err } = await errorText(...args);
  expect(err).toMatch(says);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).not.toMatch(/^\s+at /m);
});

test.concurrent.each([
  [
    'in the file itself',
    'broken.mjs',
    'export default {\n  a: 1,\n  b: = 2,\n};\n',
    /broken\.mjs:3:6: Unexpected token '='/,
  ],
  [
    'in a file that it imports',
    'part.mjs',
    'export const a = 1;\nexport const a = 2;\n',
    /part\.mjs:2:14: .*already been declared/,
  ],
  [
    'in a .js file of a package of modules',
    'broken.js',
    'export default await {;\n',
    /broken\.js:1:23: Unexpected token ';'/,
  ],
])('a syntax error %s is told with file, line and column on every Node', async (_, name, text, says) => {
  using dir = workspace();
  dir.file('package.json', '{ "type": "module" }');
  dir.file('broken.mjs', 'import "./part.mjs";\nexport default 1;\n');
  dir.file(name, text);
  const { code, err } = await dir.troupe('run', name === 'part.mjs' ? 'broken.mjs' : name);
  expect(err).toMatch(says);
  expect(code).toBe(2);
});

test.concurrent.each([
  ['a missing file', undefined, /There is no file broken\.ts/],
  ['a syntax error', 'export default {\n  a: 1,\n  b: = 2,\n};\n', /broken\.ts:3:6/],
  ['no default export', 'export const team = 1;', /no default export; it exports team/],
  ['a default export of the wrong type', 'export default { a: 1 };', /is an object with a\. Expected a team, an agent/],
  ...['agent', 'team', 'machine', 'guarded', 'orchestrator'].map((kind): [string, string, RegExp] => [
    `the ${kind} written by hand`,
    `export default { kind: '${kind}', name: 'x' };`,
    /is an object with kind, name, written by hand\. Expected a team, an agent/,
  ]),
  ['a function that returns the wrong type', 'export default () => 7;', /returned a number/],
  [
    'a function that throws',
    'export default () => {\n  throw new Error("no key here");\n};',
    /broken\.ts:2:9: no key here/,
  ],
  [
    'a missing file imported',
    'import "./gone.ts";\nexport default 1;',
    /imports something that is not there: .*gone\.ts/,
  ],
  [
    'a missing package imported',
    'import "no-such-package";\nexport default 1;',
    /imports something that is not there: .*no-such-package/,
  ],
  [
    'a name that is not exported',
    'import { nothing } from "node:path";\nexport default nothing;',
    /broken\.ts:1:\d+: .*nothing/,
  ],
  [
    'something thrown while it loads',
    'const a = undefined as unknown as { b: { c: 1 } };\nexport default a.b.c;',
    /broken\.ts:2:\d+: Cannot read/,
  ],
  [
    'imports in a circle',
    'import { b } from "./circle.ts";\nexport const a = b + 1;\nexport default a;',
    /circle\.ts:2:\d+: .*in a circle/,
  ],
])('%s: a message with the place, and exit code 2', async (_, text, says) => {
  using dir = workspace();
  if (text !== undefined) dir.file('broken.ts', text);
  dir.file('circle.ts', 'import { a } from "./broken.ts";\nexport const b = a + 1;\n');
  dir.file('package.json', '{ "type": "module" }');
  const { code, out, err } = await dir.troupe('run', 'broken.ts');
  expect(err).toMatch(says);
  expect({ code, out }).toEqual({ code: 2, out: '' });
});
