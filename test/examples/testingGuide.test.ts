/** Each sample of docs/testing.md is run as it is printed. What the page leaves out (imports, the team that is tested) stands around it, in a frame. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { root } from '../built.ts';
import { slow } from '../limits.ts';

const page = readFileSync(join(root, 'docs/testing.md'), 'utf8');
const samples = [...page.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = '']) => code);

/** A sample: how the page can be told by it, and the frame around it. `files` are those beside it, by name. */
interface Frame {
  readonly has: string;
  readonly before?: string;
  readonly after?: string;
  readonly files?: Readonly<Record<string, string>>;
}

const imports = `
  import { expect, test } from 'vitest';
  import { agent, machine, tool } from 'troupe';
  import * as troupe from 'troupe/testing';
  import { cassette, coverage, paths, play, scriptedModel, scriptedTool, testRuntime } from 'troupe/testing';
  import { setup, fromPromise } from 'xstate';
  import { z } from 'zod';
  import 'troupe/testing/vitest';
`;
/** The sample as the body of a test. */
const asTest = (title: string, before: string, after = '') => ({
  before: `${imports} test(${JSON.stringify(title)}, async () => { ${before}\n`,
  after: `\n${after} });`,
});
/** A desk of one writer, as the page's team. */
const desk = `
  import { agent, protocol, team } from 'troupe';
  import { scriptedModel } from 'troupe/testing';
  import { z } from 'zod';
  const Desk = protocol({ brief: { body: z.object({ topic: z.string() }), replies: ['draft'] }, draft: { body: z.object({ text: z.string() }) } });
  const writer = agent({
    name: 'writer', protocol: Desk, handles: ['brief'],
    model: scriptedModel(() => ({ calls: [{ name: 'answer_draft', input: { text: 'Tea.' } }] })),
  });
  export const desk = () => team({
    name: 'desk', protocol: Desk, members: { writer }, accepts: 'brief', returns: 'draft', deadline: '1h',
    route: { brief: ({ body }, { to }) => to('writer', 'brief', body), draft: ({ body }, { finish }) => finish(body) },
  });
  export default desk();
`;
/** A desk that is a machine with a timer, because five hundred seeds of a team take a processor long. */
const quickDesk = `
  import { machine } from 'troupe';
  import { setup } from 'xstate';
  export const desk = () => machine(setup({ delays: { pause: 1_000 } }).createMachine({
    id: 'desk', initial: 'writing', states: { writing: { after: { pause: 'done' } }, done: { type: 'final' } } }));
`;
const clerk = `
  const mail = tool({ name: 'mail', description: 'Sends.', effect: 'write', approval: true, input: z.object({}), output: z.string(), run: () => 'sent' });
  const clerk = agent({ name: 'clerk', tools: [mail],
    model: scriptedModel(({ messages }) => (messages.length === 1 ? { calls: [{ name: 'mail', input: {} }] } : { text: 'Done.' })) });
`;

const frames: Readonly<Record<string, Frame>> = {
  'a story': { has: "test('a fetch that failed is tried again'" },
  'scripted models and tools': {
    has: 'using mail = scriptedTool',
    ...asTest(
      'a scripted model and a scripted tool',
      '',
      `await using runtime = await testRuntime();
       const run = await runtime.start(agent({ name: 'clerk', tools: [mail], model }), 'Order tea.');
       await runtime.advance('10m');
       expect(await run.outcome()).toMatchObject({ status: 'done', output: 'Done.' });
       expect(new Set(mail.called.map(({ key }) => key)).size).toBe(1);`,
    ),
  },
  'time that is advanced': {
    has: "await runtime.advance('11h')",
    ...asTest('eleven hours without an answer', clerk),
  },
  'paths as tests': {
    has: 'for (const path of paths(',
    before: `${imports}
      const orderMachine = setup({
        types: {} as { events: { type: 'order.pay'; cents: number } | { type: 'order.cancel'; reason: string } },
        actors: { charge: fromPromise(async () => ({ taken: true })) }, delays: { patience: 1_000 },
      }).createMachine({
        id: 'order', initial: 'open',
        states: {
          open: { on: { 'order.pay': 'charging', 'order.cancel': 'cancelled' } },
          charging: { invoke: { src: 'charge', id: 'charge', onDone: 'paid', onError: 'waiting' } },
          waiting: { after: { patience: 'late' } },
          paid: { type: 'final' }, cancelled: { type: 'final' }, late: { type: 'final' },
        },
      });\n`,
  },
  'the configuration of coverage': {
    has: "setupFiles: ['troupe/testing/cover']",
    after: `
      import { test, expect } from 'vitest';
      import config from './sample.ts';
      test('a configuration with coverage', () => expect(config.test.setupFiles).toEqual(['troupe/testing/cover']));`,
  },
  'coverage of one file': {
    has: 'using seen = coverage()',
    ...asTest(
      'a door is covered',
      `const doorMachine = setup({ types: {} as { events: { type: 'key'; fits: boolean } }, }).createMachine({
         id: 'door', initial: 'shut', states: { shut: { on: { key: 'open' } }, open: { type: 'final' } } });`,
    ),
  },
  'every order of events': { has: 'await check(team)', files: { '../team.ts': desk } },
  'a crash at every point': { has: 'await crashEverywhere(' },
  'a team under faults': { has: "import { desk } from './desk.ts'", files: { 'desk.ts': quickDesk } },
  'a recorded run': {
    has: "await cassette('job-42.json').replay(desk)",
    before: `${imports}
      import { writeFileSync } from 'node:fs';
      import desk from './team.ts';
      test('a recorded run is replayed', async () => {
        const before = process.cwd();
        process.chdir(import.meta.dirname);
        try {
          await using runtime = await testRuntime();
          const run = await runtime.start(desk, { topic: 'tea' });
          await run.outcome();
          writeFileSync('job-42.json', troupe.cassetteText(await troupe.exportRun(runtime.journal, run.id, { env: {} })));
          {\n`,
    after: `\nexpect(drift).toEqual([]); } } finally { process.chdir(before); } });`,
    files: { 'team.ts': desk },
  },
  'a backend of one’s own': {
    has: "transportSuite('my transport'",
    before: `import { mapTransport } from ${JSON.stringify(join(root, 'test/package/mapTransport.ts'))};
      const myTransport = (clock: { now: () => number }) => mapTransport(clock.now);\n`,
  },
};

const folder = mkdtempSync(join(tmpdir(), 'troupe-guide-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, 'node_modules'));
symlinkSync(root, join(folder, 'node_modules/troupe'));
for (const name of ['zod', 'vitest', 'xstate'])
  symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));

// Vitest's own limit, in which the samples must pass.
vi.setConfig({ testTimeout: 5_000 * slow });
afterAll(() => vi.resetConfig());

// Importing a sample registers its tests here, as Vitest does with a file.
for (const [index, [, { has, before = '', after = '', files = {} }]] of Object.entries(frames).entries()) {
  const sample = samples.find((code) => code.includes(has));
  if (sample === undefined) continue;
  const own = join(folder, String(index), 'test');
  mkdirSync(own, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(own, name), text);
  writeFileSync(join(own, 'sample.ts'), before + sample + after);
  await import(join(own, 'sample.ts'));
}

test('every sample of the page is run', () => {
  const run = Object.values(frames).map(({ has }) => samples.findIndex((code) => code.includes(has)));
  expect(run).toEqual(samples.map((_, index) => index));
});
