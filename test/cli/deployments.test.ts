/** Deployments on the command line: what was deployed is what runs, whatever becomes of its file, its process, or the tags. */
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { built, root } from '../built.ts';
import { limits } from '../limits.ts';
import { workspace, type Workspace } from './troupe.ts';

const greeter = (says: string) => `import { agent } from 'troupe';
import { scriptedModel } from 'troupe/testing';
export default agent({ name: 'greeter', model: scriptedModel([{ text: ${JSON.stringify(says)} }]) });`;

/** A folder of a user where this package is installed. */
function project(): Workspace {
  const dir = workspace();
  mkdirSync(join(dir.folder, 'node_modules'));
  symlinkSync(built('x.ts').replace(/x\.js$/, ''), join(dir.folder, 'node_modules/troupe'));
  symlinkSync(join(root, 'node_modules/zod'), join(dir.folder, 'node_modules/zod'));
  return dir;
}
interface Listed {
  readonly name: string;
  readonly version: number;
  readonly exclusive: readonly string[];
  readonly tags: readonly string[];
}
const listed = async (dir: Workspace): Promise<Listed[]> =>
  JSON.parse((await dir.troupe('deployments', 'list', '--json')).out) as Listed[];
const bundlesOf = (dir: Workspace) => join(dir.folder, 'deployments/bundles');

test(
  'a deployed version runs its own code after its file was changed and deleted',
  { timeout: limits.long },
  async () => {
    using dir = project();
    dir.file('part.mjs', 'export const said = "one";');
    const file = dir.file('greeter.mjs', `import { said } from './part.mjs';\n${greeter('?').replace('"?"', 'said')}`);
    const first = await dir.troupe('deploy', 'greeter.mjs');
    expect(first).toMatchObject({ code: 0, out: 'greeter@1\n' });
    expect(first.err).toContain('Deployed version 1 of "greeter", the default. Run it with: troupe invoke greeter');
    dir.file('part.mjs', 'export const said = "two";');
    expect((await dir.troupe('deploy', 'greeter.mjs', '--tag', 'canary')).out).toBe('greeter@2\n');
    rmSync(file);
    rmSync(join(dir.folder, 'part.mjs'));
    const invoke = async (...args: string[]) => (await dir.troupe('invoke', ...args, '--input', 'hi', '--quiet')).out;
    expect(await invoke('greeter')).toBe('one\n');
    expect(await invoke('greeter', '--tag', 'canary')).toBe('two\n');
    expect(await invoke('greeter@2')).toBe('two\n');
    expect(await invoke('greeter', '--version', '1')).toBe('one\n');
    await dir.troupe('deployments', 'tag', 'greeter', 'default', '--version', '2');
    expect(await invoke('greeter')).toBe('two\n');
  },
);

test('a run goes on in another process with the code that it was begun with', { timeout: limits.long }, async () => {
  using dir = project();
  const text = readFileSync(built('test/cli/fixtures/mail.ts'), 'utf8');
  dir.file('secretary.mjs', text);
  await dir.troupe('deploy', 'secretary.mjs');
  const asked = await dir.troupe('invoke', 'secretary', '--input', 'send', '--key', 'k1', '--no-ask');
  expect([asked.code, asked.err]).toEqual([3, expect.stringContaining('waits for a person') as string]);
  // Meanwhile there is another version, which is the default, and no file.
  dir.file('secretary.mjs', text.replace('It is sent.', 'Never.'));
  await dir.troupe('deploy', 'secretary.mjs', '--tag', 'default');
  rmSync(join(dir.folder, 'secretary.mjs'));
  const [ticket] = JSON.parse((await dir.troupe('waits', 'list', '--json')).out) as { id: string }[];
  await dir.troupe('waits', 'answer', ticket?.id ?? '', '--yes');
  expect(await dir.troupe('runs', 'resume', 'k1', '--quiet')).toMatchObject({ code: 0, out: 'It is sent.\n' });
  // Asked for again, it is the same run of the same version.
  expect((await dir.troupe('invoke', 'secretary', '--key', 'k1', '--quiet')).out).toBe('It is sent.\n');
  expect((await dir.troupe('invoke', 'secretary', '--key', 'k1', '--input', 'send', '--quiet')).out).toBe(
    'It is sent.\n',
  );
  const shown = JSON.parse((await dir.troupe('runs', 'get', 'k1', '--json')).out) as { about: unknown };
  expect(shown.about).toMatchObject({ deployment: { name: 'secretary', version: 1 } });
});

test('a run that failed is retried with the code that it was begun with', { timeout: limits.long }, async () => {
  using dir = project();
  dir.file(
    'flaky.mjs',
    `import { existsSync } from 'node:fs';\n${greeter('?').replace('[{ text: "?" }]', `() => { if (!existsSync('fixed')) throw new Error('no'); return { text: 'deployed' }; }`)}`,
  );
  await dir.troupe('deploy', 'flaky.mjs', '--name', 'flaky');
  expect((await dir.troupe('invoke', 'flaky', '--input', 'go', '--key', 'k1', '--quiet')).code).toBe(1);
  rmSync(join(dir.folder, 'flaky.mjs'));
  dir.file('fixed', '');
  expect(await dir.troupe('runs', 'retry', 'k1', '--quiet')).toMatchObject({ code: 0, out: 'deployed\n' });
  const shown = JSON.parse((await dir.troupe('runs', 'get', 'k1', '--json')).out) as { about: unknown };
  expect(shown.about).toMatchObject({ deployment: { name: 'flaky', version: 1 } });
});

test(
  'code that is gone and code that was changed are told apart, and never run',
  { timeout: limits.long },
  async () => {
    using dir = project();
    dir.file('greeter.mjs', greeter('hello'));
    await dir.troupe('deploy', 'greeter.mjs');
    const [hash = ''] = readdirSync(bundlesOf(dir));
    const code = join(bundlesOf(dir), hash, 'greeter.mjs');
    chmodSync(code, 0o666);
    appendFileSync(code, '\nconsole.log("changed")');
    const changed = await dir.troupe('invoke', 'greeter', '--input', 'hi');
    expect([changed.code, changed.out]).toEqual([1, '']);
    expect(changed.err).toContain('is damaged');
    rmSync(join(bundlesOf(dir), hash), { recursive: true });
    const gone = await dir.troupe('invoke', 'greeter', '--input', 'hi');
    expect([gone.code, gone.err]).toEqual([1, expect.stringContaining('The code of this version is gone') as string]);
    // The same file brings the same code back.
    await dir.troupe('deploy', 'greeter.mjs');
    expect((await dir.troupe('invoke', 'greeter@1', '--input', 'hi', '--quiet')).out).toBe('hello\n');
  },
);

test(
  'processes that deploy at once get a version each, and there is one default',
  { timeout: limits.long },
  async () => {
    using dir = project();
    for (const n of [1, 2, 3]) dir.file(`g${n}.mjs`, greeter(`from ${n}`));
    const done = await Promise.all(
      [1, 2, 3].map((n) => dir.troupe('deploy', `g${n}.mjs`, '--tag', 'live', '--exclusive')),
    );
    expect(done.map(({ out }) => out).sort()).toEqual(['greeter@1\n', 'greeter@2\n', 'greeter@3\n']);
    const versions = await listed(dir);
    expect(versions.filter(({ exclusive }) => exclusive.includes('default'))).toMatchObject([{ version: 1 }]);
    expect(versions.filter(({ exclusive }) => exclusive.includes('live'))).toHaveLength(1);
  },
);

test(
  'a deploy that is killed leaves the versions of before, and the next one works',
  { timeout: limits.long },
  async () => {
    using dir = project();
    dir.file('greeter.mjs', greeter('hello'));
    await dir.troupe('deploy', 'greeter.mjs');
    for (const after of [200, 350, 500]) {
      dir.file('greeter.mjs', greeter(`hello ${after}`));
      const { process: deploying, ended } = dir.start('deploy', 'greeter.mjs');
      await pause(after);
      deploying.kill('SIGKILL');
      await ended;
      const versions = await listed(dir);
      expect(versions.filter(({ exclusive }) => exclusive.includes('default'))).toMatchObject([{ version: 1 }]);
      for (const { version } of versions)
        expect((await dir.troupe('deployments', 'show', `greeter@${version}`)).code).toBe(0);
    }
    const next = (await listed(dir)).length + 1;
    expect((await dir.troupe('deploy', 'greeter.mjs')).out).toBe(`greeter@${next}\n`);
    expect((await dir.troupe('invoke', `greeter@${next}`, '--input', 'hi', '--quiet')).out).toBe('hello 500\n');
  },
);

test(
  'a file that exports a function is called with the input of each run, over the default input',
  { timeout: limits.long },
  async () => {
    using dir = project();
    dir.file('desk.mjs', readFileSync(built('test/cli/fixtures/desk.ts'), 'utf8'));
    await dir.troupe('deploy', 'desk.mjs', '--input', '{"topic":"actors"}');
    const shown = JSON.parse((await dir.troupe('deployments', 'show', 'desk', '--json')).out) as object;
    expect(shown).toMatchObject({
      kind: 'team',
      defaults: { topic: 'actors' },
      schema: { type: 'object', required: ['topic'] },
    });
    const said = async (...args: string[]) =>
      (JSON.parse((await dir.troupe('invoke', 'desk', '--quiet', ...args)).out) as { text: string }).text;
    expect(await said()).toBe('About actors.');
    expect(await said('--set', 'topic=cats')).toBe('About cats.');
    const wrong = await dir.troupe('invoke', 'desk', '--input', '{"topic":7}');
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('deployments show desk@1') as string]);
  },
);

test('code that is kept elsewhere finds the packages of its source', { timeout: limits.long }, async () => {
  using dir = project();
  mkdirSync(join(dir.folder, 'app'));
  renameSync(join(dir.folder, 'node_modules'), join(dir.folder, 'app/node_modules'));
  dir.file('app/desk.mjs', readFileSync(built('test/cli/fixtures/desk.ts'), 'utf8'));
  const elsewhere = (line: string) => dir.shell(`TROUPE_DEPLOYMENTS=kept ${line}`);
  expect((await elsewhere('troupe deploy app/desk.mjs')).out).toBe('desk@1\n');
  rmSync(join(dir.folder, 'app/desk.mjs'));
  const found = await elsewhere('troupe invoke desk --set topic=x --quiet');
  expect([found.code, found.out]).toEqual([0, expect.stringContaining('About x.') as string]);
  // Without its packages it says which one it misses.
  rmSync(join(dir.folder, 'app/node_modules'), { recursive: true });
  const lost = await elsewhere('troupe invoke desk --set topic=x --quiet');
  expect([lost.code, lost.err]).toEqual([2, expect.stringContaining("Cannot find package 'zod'") as string]);
});

test('a workflow is deployed with its project', { timeout: limits.long }, async () => {
  using dir = project();
  mkdirSync(join(dir.folder, 'press/workflows'), { recursive: true });
  const workflow = (says: string) =>
    `kind: workflow\nname: hello\nversion: 1.0.0\npipeline:\n  - id: say\n    transform:\n      inputs: []\n      ops: []\noutput:\n  map:\n    said: "\`${says}\`"\n`;
  const path = 'press/workflows/hello.workflow.yaml';
  writeFileSync(join(dir.folder, path), workflow('first'));
  const ran = await dir.troupe('run', path, '--quiet');
  const deployed = await dir.troupe('deploy', path);
  expect([deployed.code, deployed.out, deployed.err]).toEqual([0, 'hello@1\n', expect.any(String)]);
  rmSync(join(dir.folder, 'press'), { recursive: true });
  const { code, out } = await dir.troupe('invoke', 'hello', '--quiet');
  expect([code, out, ran.code]).toEqual([0, ran.out, 0]);
  expect(JSON.parse(out)).toEqual({ said: 'first' });
  // What a run writes beside its project does not change the code.
  expect((await dir.troupe('invoke', 'hello', '--quiet')).code).toBe(0);
});

test('agents in JSON are deployed as they are', { timeout: limits.long }, async () => {
  using dir = project();
  dir.file('crew.json', JSON.stringify([{ id: 'ada', name: 'Ada', role: 'reader' }]));
  const tasks = '{"tasks":["What is an actor?"]}';
  expect((await dir.troupe('deploy', 'crew.json', '--set', 'mode=sequential', '--input', tasks)).out).toBe('crew@1\n');
  rmSync(join(dir.folder, 'crew.json'));
  const { code, out } = await dir.troupe('invoke', 'crew', '--quiet');
  expect([code, out]).toEqual([0, expect.stringContaining('"success": true') as string]);
});

test('a deployment is deleted as a whole, and its runs can still go on', { timeout: limits.long }, async () => {
  using dir = project();
  dir.file('greeter.mjs', greeter('hello'));
  await dir.troupe('deploy', 'greeter.mjs');
  await dir.troupe('invoke', 'greeter', '--input', 'hi', '--key', 'k1', '--quiet');
  const deleted = await dir.troupe('deployments', 'delete', 'greeter', '--all', '--json');
  expect(JSON.parse(deleted.out)).toEqual({ name: 'greeter', deleted: [1], code: [] });
  expect(await listed(dir)).toEqual([]);
  expect((await dir.troupe('runs', 'resume', 'k1', '--quiet')).out).toBe('hello\n');
  await dir.troupe('deploy', 'greeter.mjs');
  await dir.troupe('deployments', 'delete', 'greeter', '--all', '--code');
  expect(readdirSync(bundlesOf(dir))).toEqual([]);
});

test(
  'deleting a version deletes its code, unless another version or a run has the same; pruning runs deletes the rest',
  { timeout: limits.long },
  async () => {
    using dir = project();
    const deploy = async (says: string) => {
      dir.file('greeter.mjs', greeter(says));
      await dir.troupe('deploy', 'greeter.mjs', '--tag', 'default');
    };
    const remove = (version: string) => dir.troupe('deployments', 'delete', 'greeter', '--version', version);
    const count = () => readdirSync(bundlesOf(dir)).length;
    await deploy('never run');
    await deploy('run');
    await dir.troupe('invoke', 'greeter', '--input', 'hi', '--key', 'k1', '--quiet');
    await deploy('twice');
    await deploy('twice');
    await deploy('last');
    expect(count()).toBe(4);
    expect((await remove('1')).err).toContain('Its code is deleted, too.');
    expect((await remove('2')).err).toContain('so that its runs can go on');
    expect((await remove('3')).err).toContain('other versions have it');
    expect(count()).toBe(3);
    expect((await dir.troupe('runs', 'resume', 'k1', '--quiet')).out).toBe('run\n');
    await dir.troupe('runs', 'prune', '--older-than', '1ms');
    expect(count()).toBe(2);
  },
);

test('the commit of a version is kept, and whether files differed from it', { timeout: limits.long }, async () => {
  using dir = project();
  dir.file('greeter.mjs', greeter('hello'));
  await dir.shell(
    'git init -q && git add greeter.mjs && git -c user.name=a -c user.email=a@example.org commit -qm first && printf "*\\n!*.mjs\\n" > .git/info/exclude',
  );
  const first = JSON.parse((await dir.troupe('deploy', 'greeter.mjs', '--json')).out) as object;
  expect(first).toMatchObject({ commit: expect.stringMatching(/^[0-9a-f]{40}$/) as string, dirty: false });
  dir.file('greeter.mjs', greeter('changed'));
  expect(JSON.parse((await dir.troupe('deploy', 'greeter.mjs', '--json')).out)).toMatchObject({ dirty: true });
});

test('a default input with the value of a secret variable is not stored', { timeout: limits.long }, async () => {
  using dir = project();
  dir.file('greeter.mjs', greeter('hello'));
  const { code, err } = await dir.shell(`API_KEY=sesame-open troupe deploy greeter.mjs --input 'use sesame-open'`);
  expect([code, err]).toEqual([2, expect.stringContaining('holds the value of a secret variable') as string]);
  expect(err).not.toContain('sesame');
});
