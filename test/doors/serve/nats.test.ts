/** `troupe serve --nats`: processes that share a journal on a NATS server. Each of them shows all runs, and takes over those of one that is gone. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { natsServer, type NatsServer } from '../../nats/server.ts';
import { plainServer } from '../../mcp/sessions/plainServer.ts';
import { testProject, toolProject } from './project.ts';
import { ask, serve, statusOf } from './process.ts';

let nats: NatsServer;
beforeAll(async () => {
  nats = await natsServer();
});
afterAll(() => nats[Symbol.asyncDispose]());

const all = ['orchestrator', 'runtime', 'gateway'];

test(
  'a run of a process that is killed is shown by the other one, and goes on there without being asked for',
  { timeout: 150_000 },
  async () => {
    await using project = await testProject(undefined, true);
    const tenant = ['--nats', nats.url, '--tenant', 'killed'];
    await using first = await serve(project, all, ...tenant);
    await using second = await serve(project, all, ...tenant);
    const { run_id } = (await ask(first, '/invoke/hook', { n: 7 })).json;
    await project.hooks.until(1);
    await expect.poll(() => statusOf(second, run_id), { timeout: 30_000 }).toMatchObject({ status: 'running' });
    first.process.kill('SIGKILL');
    await first.ended();
    project.hooks.release();
    await expect
      .poll(() => statusOf(second, run_id), { timeout: 90_000, interval: 250 })
      .toMatchObject({ status: 'complete' });
    const of = (path: string) => project.hooks.received.filter(({ url }) => url === path);
    expect(of('/second')).toHaveLength(1);
    expect(new Set(of('/first').map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect((await ask(second, '/runs')).json.runs).toMatchObject([{ id: run_id, status: 'complete' }]);
  },
);

test(
  'an approval is shown and decided by either process, and the same invocation begins one run',
  { timeout: 150_000 },
  async () => {
    await using tools = await plainServer({ tools: () => ['delete_it'] });
    await using project = await toolProject(tools.url, 'fail');
    const tenant = ['--nats', nats.url, '--tenant', 'approvals'];
    await using first = await serve(project, all, ...tenant);
    await using second = await serve(project, all, ...tenant);
    const { run_id } = (await ask(first, '/invoke/clean', {}, { 'idempotency-key': 'monday' })).json;
    expect((await ask(second, '/invoke/clean', {}, { 'idempotency-key': 'monday' })).json).toMatchObject({ run_id });
    // With other parameters it is another invocation.
    expect((await ask(second, '/invoke/clean', { other: 1 }, { 'idempotency-key': 'monday' })).status).toBe(409);
    await expect
      .poll(async () => JSON.parse((await ask(second, '/approvals')).text), { timeout: 30_000 })
      .toMatchObject([{ run_id, step_id: 'clean', tool_name: 'delete_it' }]);
    expect((await ask(second, `/runs/${run_id}/steps/clean/approval/decide`, { decision: 'approved' })).status).toBe(
      200,
    );
    for (const server of [first, second])
      await expect.poll(() => statusOf(server, run_id), { timeout: 60_000 }).toMatchObject({ status: 'complete' });
    expect(tools.methods.filter((method) => method === 'tools/call')).toHaveLength(1);
  },
);
