/** `troupe invoke` and `troupe runs` with an orchestrator over HTTP. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { httpDoor, type HttpDoor } from '../../src/doors/http/base/door.ts';
import { orchestratorRoutes } from '../../src/doors/http/orchestrator/routes.ts';
import { fakeOrchestrator, runOf, stepOf, type FakeOrchestrator } from '../doors/http/fakeOrchestrator.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { workflowFolder } from './workflowCli.ts';

const token = 'a-token-of-the-test';
let fake: FakeOrchestrator;
let door: HttpDoor;
beforeAll(async () => {
  const of = <Key extends keyof FakeOrchestrator>(key: Key) => fake[key];
  // Each test has an orchestrator of its own behind the same socket.
  const service = new Proxy({} as FakeOrchestrator, { get: (_, key) => of(key as keyof FakeOrchestrator) });
  door = await httpDoor({ port: 0, token, routes: orchestratorRoutes(service) });
});
afterAll(() => door.close(0));
beforeEach(() => {
  fake = fakeOrchestrator();
  fake.workflows.set('news', { variable: () => undefined });
  fake.workflows.set('hook', {
    auth: { header: 'x-key', scheme: 'raw', secret: 'open' },
    variable: () => undefined,
  });
});

const troupe = (...args: string[]) =>
  workflowFolder().as({ clock: systemClock(), env: { TROUPE_HTTP_TOKEN: token } }, ...args, '--orchestrator', door.url);

test('invoke begins a run, prints its id, and does not wait', async () => {
  const { code, out, err } = await troupe('invoke', 'news', '--input', '{"topic":"actors"}');
  expect([code, err]).toEqual([0, expect.stringContaining('troupe runs get') as string]);
  expect(fake.all.get(out.trim())?.params).toEqual({ topic: 'actors' });
});

test('the same key is one run', async () => {
  const [first, second] = [await troupe('invoke', 'news', '--key', 'k'), await troupe('invoke', 'news', '--key', 'k')];
  expect(first.out).toBe(second.out);
  expect(fake.all.size).toBe(1);
});

test.each([
  [{ status: 'complete', output: { result: [1] } } as const, 0, '{\n  "result": [\n    1\n  ]\n}\n', ''],
  [{ status: 'failed', error: 'step a failed' } as const, 1, '', 'failed: step a failed'],
  [{ status: 'cancelled', error: 'stopped' } as const, 1, '', 'was cancelled: stopped'],
])('invoke --wait ends as the run does: %o', async (end, code, out, err) => {
  const start = fake.start.bind(fake);
  fake = {
    ...fake,
    all: fake.all,
    start: async (run) => {
      const begun = await start(run);
      fake.all.set(begun.id, { run: runOf(begun.id, end), steps: [] });
      return begun;
    },
  };
  const ended = await troupe('invoke', 'news', '--wait');
  expect([ended.code, ended.out]).toEqual([code, out]);
  expect(ended.err).toContain(err);
});

test('a run that waits for a person ends the wait with exit code 3', async () => {
  fake = {
    ...fake,
    all: fake.all,
    start: async () => {
      fake.all.set('r', { run: runOf('r'), steps: [stepOf('r', 'ask', { status: 'pending_approval' })] });
      return Promise.resolve({ id: 'r', existed: false });
    },
  };
  const { code, err } = await troupe('invoke', 'news', '--wait');
  expect([code, err]).toEqual([3, expect.stringContaining('waits for a person at ask') as string]);
});

test('the header of a workflow is sent, and without it the invocation is refused', async () => {
  expect((await troupe('invoke', 'hook', '--header', 'X-Key: open')).code).toBe(0);
  expect(await troupe('invoke', 'hook')).toMatchObject({ code: 1, err: expect.stringContaining('401') as string });
  const wrong = await troupe('invoke', 'hook', '--header', 'secret');
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('--header expects name:value') as string]);
  expect(wrong.err).not.toContain('got');
});

test('a workflow that is not there, and an orchestrator that is not there, are named', async () => {
  expect(await troupe('invoke', 'gone')).toMatchObject({
    code: 2,
    err: expect.stringContaining('no workflow "gone"') as string,
  });
  const { as } = workflowFolder();
  expect(await as({}, 'invoke', 'news', '--orchestrator', 'http://127.0.0.1:1')).toMatchObject({
    code: 1,
    err: expect.stringContaining('The orchestrator cannot be reached') as string,
  });
  expect(await as({}, 'invoke', 'news', '--wait', '--nats', 'nats://127.0.0.1:1')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--orchestrator URL') as string,
  });
});

test('runs of the orchestrator are listed, by workflow and status, and one is shown with its steps', async () => {
  fake.all.set('r1', {
    run: runOf('r1', { status: 'complete', completed_at: '2026-01-02T03:04:09.000Z', output: 7 }),
    steps: [stepOf('r1', 'fetch')],
  });
  fake.all.set('r2', { run: runOf('r2', { status: 'failed', error: 'no' }), steps: [] });
  const list = await troupe('runs', 'list');
  expect(list.out).toMatch(/RUN ID +WORKFLOW +STATUS +STARTED +DURATION/);
  expect(list.out).toMatch(/r1 +news +complete +2026-01-02 03:04:05Z +4\.0s/);
  expect((await troupe('runs', 'list', '--status', 'failed')).out).not.toContain('r1');
  // The words of the table, and those of runs of this machine.
  for (const status of ['complete', 'done']) {
    const { out } = await troupe('runs', 'list', '--status', status);
    expect([out.includes('r1'), out.includes('r2')]).toEqual([true, false]);
  }
  expect(await troupe('runs', 'list', '--status', 'stalled')).toMatchObject({
    code: 2,
    err: expect.stringContaining('running, paused, complete, failed or cancelled; got "stalled"') as string,
  });
  expect(await workflowFolder().as({}, 'runs', 'list', '--status', 'complete')).toMatchObject({ code: 2 });
  const shown = await troupe('runs', 'get', 'r1');
  expect(shown.out).toMatch(/fetch +transform +complete +0\.0s +10/);
  expect(shown.out.trim().endsWith('7')).toBe(true);
  expect(JSON.parse((await troupe('runs', 'get', 'r1', '--json')).out)).toMatchObject({ run: { id: 'r1' } });
  expect(await troupe('runs', 'get', 'gone')).toMatchObject({
    code: 2,
    err: expect.stringContaining('has no run "gone"') as string,
  });
});
