/** docs/start.md is followed word by word: its two files are written as they are there, and its commands are run in their order. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { main } from '../../src/cli/program.ts';
import { openRuntime } from '../../src/runtime/runtime.ts';
import { built, root } from '../built.ts';
import { fakeCli } from '../cli/fakeCli.ts';
import { limits } from '../limits.ts';

const page = readFileSync(join(root, 'docs/start.md'), 'utf8');
const [clerk = '', clerkTest = ''] = codeBlocks(page, 'ts');
/** The commands under a heading such as `## 3. Run it`. */
const commandsOf = (step: number): string[] => {
  const section = page.split(/^## /m).find((each) => each.startsWith(`${step}. `)) ?? '';
  return codeBlocks(section, 'sh').flatMap((block) => block.trim().split('\n'));
};
function codeBlocks(markdown: string, language: string): string[] {
  return [...markdown.matchAll(/^```(\w+)\n(.*?)^```/gms)].flatMap(([, name, code = '']) =>
    name === language ? [code] : [],
  );
}

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** The user's folder after steps 1, 2 and 6, with links instead of installed packages. */
function clerkFolder(troupe: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-start-'));
  folders.push(folder);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(troupe, join(folder, 'node_modules/troupe'));
  for (const name of ['zod', 'vitest'])
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(join(folder, 'clerk.ts'), clerk);
  writeFileSync(join(folder, 'clerk.test.ts'), clerkTest);
  return folder;
}

// The page's tool writes each mail to the console.
beforeAll(() => void vi.spyOn(console, 'error').mockImplementation(() => {}));
afterAll(() => void vi.restoreAllMocks());

// Step 6: importing the page's test file registers its test here. It uses the sources.
const sources = clerkFolder(root);
await import(join(sources, 'clerk.test.ts'));

interface Ended {
  code: number | null;
  out: string;
  err: string;
}
const environment = (folder: string) => ({ PATH: process.env['PATH'], HOME: folder, NO_COLOR: '1' });

/** A line of the page in a shell, where `npx troupe` is the compiled command. */
async function inShell(folder: string, line: string): Promise<Ended> {
  const npx = `npx() { shift; '${process.execPath}' '${built('src/cli/main.ts')}' "$@"; }`;
  const shell = spawn('sh', ['-c', `${npx}\n${line}`], {
    cwd: folder,
    env: environment(folder),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limits.test,
  });
  const [out, err] = [text(shell.stdout), text(shell.stderr)];
  const [code] = (await once(shell, 'close')) as [number | null];
  return { code, out: await out, err: await err };
}

/** A line of the page in this process, which is cheaper. For commands that need no process of their own. */
async function inProcess(folder: string, line: string, db = join(folder, '.troupe/troupe.db')): Promise<Ended> {
  const [npx, troupe, ...args] = words(line);
  expect([npx, troupe]).toEqual(['npx', 'troupe']);
  const cli = fakeCli({
    cwd: folder,
    env: { ...environment(folder), TROUPE_DB: db },
    isInteractive: false,
    open: openRuntime,
  });
  return { code: await main(args, cli), out: cli.outputText(), err: cli.errorText() };
}
/** The words of a command line: quotes hold a word together, and a # begins a comment. */
const words = (line: string) =>
  [...line.replace(/\s#.*$/, '').matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

test('the start page works as it is written, from the first run to the statechart', async () => {
  const folder = clerkFolder(dirname(built('package.json')));
  const [run = '', list = '', ...none] = commandsOf(3);
  const [answer = '', resume = '', ...no] = commandsOf(4);
  expect([...none, ...no]).toEqual([]);

  const first = await inShell(folder, run);
  expect(first).toMatchObject({ code: 3, out: '' });
  expect(existsSync(join(folder, '.troupe/troupe.db'))).toBe(true);
  const ticket = words(answer).find((word) => word.startsWith('wait/'));
  expect(ticket).toBeDefined();
  expect(await inProcess(folder, list)).toMatchObject({
    code: 0,
    out: expect.stringContaining(`${ticket} `) as string,
  });

  expect(await inProcess(folder, answer)).toMatchObject({ code: 0 });
  const second = await inShell(folder, resume);
  expect(second).toMatchObject({ code: 0, out: 'Ada has her answer.\n' });
  const third = await inShell(folder, run);
  expect(third).toEqual({ code: 0, out: second.out, err: '' });
  expect([first, second, third].map(({ err }) => err.match(/^mail to /gm)?.length ?? 0)).toEqual([0, 1, 0]);

  const [runs = '', why = '', tail = '', graph = '', verbose = '', inspect = '', ...others] = commandsOf(5);
  expect(others).toEqual([]);
  expect(await inProcess(folder, runs)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^ada-1 +clerk +done/m) as string,
  });
  expect(await inProcess(folder, why)).toMatchObject({
    code: 0,
    out: expect.stringContaining('agent/ada-1 is done') as string,
  });
  expect(verbose).toContain('--verbose');
  expect(await inProcess(folder, tail)).toMatchObject({
    code: 0,
    out: expect.stringContaining(`${ticket}  wait.answer`) as string,
  });
  expect(await inProcess(sources, graph)).toMatchObject({
    code: 0,
    out: expect.stringContaining('stateDiagram-v2') as string,
  });
  expect(await inProcess(sources, inspect, 'memory')).toMatchObject({
    code: 3,
    err: expect.stringMatching(/http:\/\/127\.0\.0\.1:\d+\/\?token=/) as string,
  });
});
