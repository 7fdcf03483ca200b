/** `troupe serve` in processes of its own: killed and started again, apart, and without a secret anywhere. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ask, serve, statusOf } from './process.ts';
import { canary, testProject } from './project.ts';

test(
  'a process that is killed in the middle of a run goes on with it when it is started again, and no secret is anywhere',
  { timeout: 120_000 },
  async () => {
    await using project = await testProject(undefined, true);
    await using first = await serve(project, ['orchestrator', 'runtime', 'gateway']);
    const { run_id } = (await ask(first, '/invoke/hook', { n: 7 })).json;
    await project.hooks.until(1);
    first.process.kill('SIGKILL');
    await first.ended();
    await using second = await serve(project, ['orchestrator', 'runtime', 'gateway']);
    project.hooks.release();
    await expect.poll(() => statusOf(second, run_id), { timeout: 60_000 }).toMatchObject({ status: 'complete' });
    const of = (path: string) => project.hooks.received.filter(({ url }) => url === path);
    expect(of('/second')).toHaveLength(1);
    expect(of('/second')[0]?.body).toContain('7');
    expect(of('/first')[0]?.headers['x-key']).toBe(canary);
    // The second attempt is known again by its key.
    expect(new Set(of('/first').map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    const shown = await Promise.all(
      [`/runs/${run_id}`, `/runs/${run_id}/envelope`, '/runs', '/approvals', '/health', '/openapi.json'].map((path) =>
        ask(second, path),
      ),
    );
    second.process.kill('SIGTERM');
    expect(await second.ended()).toBe(0);
    const files = readdirSync(project.folder).filter((name) => name.startsWith('troupe.db'));
    const all = [
      ...shown.map(({ text }) => text),
      first.log(),
      second.log(),
      ...files.map((name) => readFileSync(join(project.folder, name), 'latin1')),
    ];
    expect(files.length).toBeGreaterThan(0);
    for (const text of all) expect(text).not.toContain(canary);
  },
);

test(
  'in three processes a run completes; with its runtime killed the step ends by heartbeat_timeout',
  { timeout: 150_000 },
  async () => {
    let silent = false;
    let asked = () => {};
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    await using project = await testProject(() => {
      if (silent) asked();
      return silent ? { status: 500 } : { content: '{"answer":"done"}' };
    });
    await using gateway = await serve(project, ['gateway']);
    await using runtime = await serve(project, ['runtime'], '--gateway-url', gateway.url('gateway'));
    await using orchestrator = await serve(
      project,
      ['orchestrator'],
      '--runtime-url',
      runtime.url('runtime'),
      '--gateway-url',
      gateway.url('gateway'),
    );
    expect((await ask(orchestrator, '/health')).json).toMatchObject({ status: 'ok' });
    const { json, text } = await ask(orchestrator, '/invoke/outer?wait=60s', {});
    expect(json, [text, orchestrator.log(), runtime.log()].join('\n')).toMatchObject({
      status: 'complete',
      output: { said: 'done' },
    });
    silent = true;
    const { run_id } = (await ask(orchestrator, '/invoke/ask', { topic: 'x' })).json;
    await isAsked;
    runtime.process.kill('SIGKILL');
    await expect
      .poll(() => statusOf(orchestrator, run_id), { timeout: 60_000, interval: 500 })
      .toMatchObject({ status: 'failed', code: 'heartbeat_timeout' });
    expect((await ask(orchestrator, '/health')).status).toBe(503);
    for (const server of [gateway, runtime, orchestrator]) expect(server.log()).not.toContain(canary);
  },
);

test.each(['gateway', 'runtime', 'orchestrator'] as const)(
  'a %s that is killed in the middle of a step and started again leaves the run with its result',
  { timeout: 150_000 },
  async (killed) => {
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    await using project = await testProject((_, nth) => ({
      content: `{"answer":"answer ${nth}"}`,
      ...(nth === 0 ? { until: released } : {}),
    }));
    const gateway = await serve(project, ['gateway']);
    const asks = ['--gateway-url', gateway.url('gateway')];
    const runtime = await serve(project, ['runtime'], ...asks);
    const orchestrates = ['--runtime-url', runtime.url('runtime'), ...asks];
    const orchestrator = await serve(project, ['orchestrator'], ...orchestrates);
    const options = { gateway: [], runtime: asks, orchestrator: orchestrates };
    const servers = { gateway, runtime, orchestrator };
    try {
      const { run_id } = (await ask(orchestrator, '/invoke/ask', { topic: 'x' })).json;
      await expect.poll(() => project.model.asked.length, { timeout: 30_000 }).toBe(1);
      servers[killed].process.kill('SIGKILL');
      await servers[killed].ended();
      const { port } = new URL(servers[killed].url(killed));
      servers[killed] = await serve(project, [killed], ...options[killed], '--port', port);
      if (killed === 'orchestrator') release();
      await expect
        .poll(() => statusOf(servers.orchestrator, run_id), { timeout: 90_000, interval: 250 })
        .toMatchObject({
          status: 'complete',
          output: { answer: killed === 'orchestrator' ? 'answer 0' : 'answer 1' },
        });
      expect(project.model.asked).toHaveLength(killed === 'orchestrator' ? 1 : 2);
      for (const server of Object.values(servers)) expect(server.log()).not.toContain(canary);
    } finally {
      release();
      for (const server of Object.values(servers)) await server[Symbol.asyncDispose]();
    }
  },
);
