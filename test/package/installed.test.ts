/** The package as it is shipped, in a project that has nothing else: what it loads, and what it says when a part needs a package that is not there. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { subset } from 'semver';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readsTypeScript } from '../../src/cli/load.ts';
import { optionalPackages } from '../../src/values/optional.ts';
import { installed, type InstalledPackage } from './installed.ts';

let project: InstalledPackage;
beforeAll(() => {
  project = installed();
  project.write('agent.mjs', agentText);
  project.write('agent.ts', agentText);
  project.write('hello.workflow.yaml', 'kind: workflow\npipeline: []\n');
  project.write(
    'turn.mjs',
    `import { run } from 'troupe';\nimport a from './agent.mjs';\nconsole.log(await run(a, 'go', { db: 'memory' }));`,
  );
});
afterAll(() => project[Symbol.dispose]());

const agentText = `import { agent } from 'troupe';
import { scriptedModel } from 'troupe/testing';
export default agent({ name: 'a', model: scriptedModel([{ text: 'hello' }]) });`;

const packagesOf = (loaded: readonly string[]) => loaded.filter((name) => !name.startsWith('troupe:'));
const oursOf = (loaded: readonly string[]) => loaded.filter((name) => name.startsWith('troupe:'));

test('an agent that says one thing loads no package but zod and XState, and few files of ours', () => {
  const { out, err, loaded } = project.node(['turn.mjs']);
  expect(err).toBe('');
  expect(out).toBe('hello\n');
  expect(packagesOf(loaded).toSorted()).toEqual(['xstate', 'zod']);
  expect(oursOf(loaded).length).toBeLessThanOrEqual(10);
});

test('an agent that says one thing imports no module of Node whose import loads streams, threads or promises of files', () => {
  project.write(
    'offline.mjs',
    `import { agent, offlineModel, run } from 'troupe';\nawait run(agent({ name: 'a', model: offlineModel() }), 'go', { db: 'memory' });`,
  );
  const { err, loaded } = project.node(['offline.mjs']);
  expect(err).toBe('');
  const imports = oursOf(loaded).flatMap((file) => {
    const text = readFileSync(join(project.folder, file.slice('troupe:'.length)), 'utf8');
    return [...text.matchAll(/^import .*from "node:([^"]+)";$/gm)].map(([, name]) => `${name} in ${file}`);
  });
  expect(imports).not.toEqual([]);
  expect(imports.filter((name) => /^(fs|fs\/promises|util|events|http|https|stream) /.test(name))).toEqual([]);
});

test('a machine in a page loads no module of Node: the pure step and the machines are files of their own', () => {
  project.write('core.mjs', `import 'troupe/core';\nimport 'troupe/machines';`);
  const { code, loaded } = project.node(['core.mjs']);
  expect(code).toBe(0);
  const files = oursOf(loaded).map((file) => readFileSync(join(project.folder, file.slice('troupe:'.length)), 'utf8'));
  expect(files.length).toBeGreaterThan(2);
  for (const text of files) expect(text).not.toMatch(/from "node:/);
});

test('the command loads what it needs: for its version three files, for its help no engine', () => {
  const version = project.troupe(['--version']);
  expect(version.loaded.length).toBeLessThanOrEqual(3);
  const help = project.troupe(['--help']);
  expect(help.out).toContain('nats-config');
  expect(packagesOf(help.loaded).toSorted()).toEqual(['commander', 'zod']);
  expect(oursOf(help.loaded).length).toBeLessThanOrEqual(8);
});

test('every door of the package can be opened, but for those into Vitest', () => {
  const { exports } = JSON.parse(readFileSync(join(project.folder, 'package.json'), 'utf8')) as { exports: object };
  const doors = Object.keys(exports).filter((door) => !/vitest|suites|cover|json/.test(door));
  project.write('doors.mjs', doors.map((door) => `import '${door.replace('.', 'troupe')}';`).join('\n'));
  expect(doors.length).toBeGreaterThan(4);
  expect(project.node(['doors.mjs'])).toMatchObject({ code: 0, err: '' });
});

test('every file of code has a map that names its sources without their text, and no map stands alone', () => {
  const files = readdirSync(join(project.folder, 'dist'), { recursive: true, encoding: 'utf8' });
  const maps = files.filter((file) => file.endsWith('.map'));
  expect(maps.length).toBeGreaterThan(20);
  const sources: string[] = [];
  for (const map of maps) {
    expect(files).toContain(map.replace(/\.map$/, ''));
    const { sources: paths, sourcesContent = [] } = JSON.parse(
      readFileSync(join(project.folder, 'dist', map), 'utf8'),
    ) as { sources: string[]; sourcesContent?: string[] };
    expect(paths.length, map).toBeGreaterThan(0);
    expect(sourcesContent.join(''), map).toBe('');
    sources.push(...paths.map((path) => resolve('/', dirname(map), path)));
  }
  expect(sources.filter((path, i) => sources.indexOf(path) !== i)).toEqual([]);
});

test('the versions that are named are those of the optional packages in package.json', () => {
  const { peerDependencies, peerDependenciesMeta } = JSON.parse(
    readFileSync(join(project.folder, 'package.json'), 'utf8'),
  ) as { peerDependencies: Record<string, string>; peerDependenciesMeta: Record<string, { optional: boolean }> };
  const { vitest: _, ...packages } = peerDependencies;
  expect(Object.keys(optionalPackages).toSorted()).toEqual(Object.keys(packages).toSorted());
  for (const [name, version] of Object.entries(optionalPackages)) {
    expect(subset(packages[name] ?? '', version), `${name}: ${packages[name]} is more than ${version}`).toBe(true);
    expect(peerDependenciesMeta[name], name).toEqual({ optional: true });
  }
});

const nats = 'npm install @nats-io/transport-node@3.3 @nats-io/jetstream@3.3 @nats-io/obj@3.3';

const forWorkflows = 'npm install yaml@2 jmespath@0.16 ajv@8 ajv-formats@3';

test('code that needs a package which is not installed is told its name, and the command that installs it', () => {
  project.write(
    'missing.mjs',
    `import { agent, cluster, mcpServer, node, openRuntime, run, workflow } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import plain from './agent.mjs';
const ask = (model, env) => run(agent({ name: 'a', model }), 'go', { db: 'memory', env });
const tools = [mcpServer({ name: 'files', command: 'true' })];
const cases = {
  anthropic: () => ask('anthropic:m', { ANTHROPIC_API_KEY: 'k' }),
  openai: () => ask('openai:m', { OPENAI_API_KEY: 'k' }),
  google: () => ask('google:m', { GEMINI_API_KEY: 'k' }),
  ollama: () => ask('ollama:m', {}),
  mcp: () => run(agent({ name: 'b', model: scriptedModel([{ text: 'hello' }]), tools }), 'go', { db: 'memory' }),
  nats: () => openRuntime({ nats: 'nats://127.0.0.1:1' }),
  node: () => node([plain], { nats: 'nats://127.0.0.1:1' }),
  cluster: () => cluster('nats://127.0.0.1:1'),
  workflow: () => workflow('hello.workflow.yaml'),
  sqlite: () => run(plain, 'go', { db: 'journal.db' }),
};
const said = {};
for (const [name, attempt] of Object.entries(cases))
  said[name] = await attempt().then(() => 'no error', ({ kind, retryable, message }) => [kind, retryable, message].join(' '));
console.log(JSON.stringify(said));`,
  );
  const { out, err } = project.node([...withoutSqlite, 'missing.mjs']);
  expect(err).toBe('');
  const says = (needs: string, name: string, line: string) =>
    `environment false ${needs} the package ${name}, which is not installed. Run: npm install ${line}`;
  const server = `environment false A NATS server needs the packages @nats-io/transport-node, @nats-io/jetstream, @nats-io/obj, which are not installed. Run: ${nats}`;
  expect(JSON.parse(out)).toEqual({
    anthropic: says('"anthropic:m" needs', '@ai-sdk/anthropic', '@ai-sdk/anthropic@3'),
    openai: says('"openai:m" needs', '@ai-sdk/openai', '@ai-sdk/openai@3'),
    google: says('"google:m" needs', '@ai-sdk/google', '@ai-sdk/google@3'),
    ollama: says('"ollama:m" needs', '@ai-sdk/openai-compatible', '@ai-sdk/openai-compatible@2'),
    mcp: says('Tool server "files" needs', '@modelcontextprotocol/client', '@modelcontextprotocol/client@2'),
    nats: server,
    node: server,
    cluster: server,
    workflow: `environment false A YAML workflow needs the packages yaml, jmespath, ajv, ajv-formats, which are not installed. Run: ${forWorkflows}`,
    sqlite: says(
      `Node ${process.versions.node} has no SQLite of its own, as Node 22.13 and later do; a journal in a file needs`,
      'libsql',
      'libsql@0.5',
    ),
  });
});

/** Flags that take from a newer Node what an older one does not have. */

const withoutSqlite = isBuiltin('node:sqlite') ? ['--no-experimental-sqlite'] : [];
const withoutTypeScript = readsTypeScript ? ['--no-experimental-strip-types'] : [];

test.for([
  ['run agent.mjs --input go --db memory --log debug', 'npm install pino@10'],
  ['run agent.ts --input go --db memory', 'npm install tsx@4'],
  ['run agent.mjs --input go', 'npm install libsql@0.5'],
  ['graph agent.mjs --svg', 'npm install elkjs@0.12'],
  ['nodes --nats nats://127.0.0.1:1', nats],
  ['node agent.mjs --nats nats://127.0.0.1:1', nats],
  ['nats-config agent.mjs --out config', nats],
  ['deploy agent.mjs', 'npm install rolldown@1'],
  ['schedules add x --cron @daily --deployment a', 'npm install croner@11'],
  ['run hello.workflow.yaml', forWorkflows],
  ['workflow validate', forWorkflows],
  ['node hello.workflow.yaml --nats nats://127.0.0.1:1', forWorkflows],
] as const)('troupe %s says in one line that it needs: %s', ([line, install]) => {
  const { code, err } = project.troupe(line.split(' '), {}, [...withoutSqlite, ...withoutTypeScript]);
  expect(code).toBe(1);
  expect(err.trim().split('\n')).toHaveLength(1);
  expect(err).toContain(`not installed. Run: ${install} (environment)`);
});

test('troupe control serves without the packages of a NATS server', () => {
  const { code, err } = project.troupe('control agent.mjs --db memory --host 0.0.0.0 --port 0'.split(' '));
  // It got as far as its address, which needs a token.
  expect(err).toContain('Everybody who can reach 0.0.0.0 could control this server. Set TROUPE_HTTP_TOKEN, or listen');
  expect(err).not.toContain('@nats-io');
  expect(code).toBe(2);
});

test('troupe doctor names every package that is not there, with the command that installs it, and none that is not needed', () => {
  const { out } = project.troupe(['doctor', '--json', '--db', 'memory'], {}, [...withoutSqlite, ...withoutTypeScript]);
  for (const [name, version] of Object.entries(optionalPackages)) expect(out).toContain(`${name}@${version}`);
  expect(out.match(/npm install /g)).toHaveLength(19);
});

test('what Node has compiled is kept for the next command where it can be, and its folder breaks nothing', () => {
  const cache = join(project.folder, '../../cache');
  mkdirSync(cache);
  const help = project.troupe(['--help'], { XDG_CACHE_HOME: cache });
  expect(help).toMatchObject({ code: 0, err: '' });
  const keeps = 'enableCompileCache' in process.getBuiltinModule('node:module');
  expect(readdirSync(cache)).toEqual(keeps ? ['troupe'] : []);
  const kept = readdirSync(cache, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  for (const file of kept) writeFileSync(join(file.parentPath, file.name), 'damaged');
  const file = join(project.folder, 'package.json');
  const locked = join(cache, 'locked');
  mkdirSync(locked);
  chmodSync(locked, 0o500);
  for (const env of [
    { XDG_CACHE_HOME: cache },
    { XDG_CACHE_HOME: file },
    { XDG_CACHE_HOME: locked },
    { HOME: '/nowhere' },
  ])
    expect(project.troupe(['--help'], env)).toMatchObject({ code: 0, out: help.out, err: '' });
  chmodSync(locked, 0o700);
});
