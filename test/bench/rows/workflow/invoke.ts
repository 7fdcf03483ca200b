/** `POST /invoke` of a workflow with one transform, against a bare Hono handler that makes one FULL commit. The client is in the same process, and asks one after the other. */
import type { AddressInfo } from 'node:net';
import type { Row, Scope, Timed } from '../../row.ts';
import { newFile, stepsFile } from '../file.ts';
import { noOp, writeProject } from './project.ts';

const byHand = 'a Hono handler with a FULL commit';

/** So many invocations. At most so many times the time of the handler. */
export const workflowInvoke = (count: number, atMost: number): Row => ({
  name: 'workflow-invoke',
  title: `POST /invoke of a workflow with one transform, on disk, ${count} one after the other`,
  unit: 'request',
  units: count,
  columns: [
    { figure: 'wall', goals: [{ of: 'troupe', against: byHand, atMost }] },
    { figure: 'busy' },
    { figure: 'pause', goals: [{ of: 'troupe', atMost: 20 }] },
  ],
  contestants: [
    { name: byHand, open: (scope) => handler(scope, count) },
    { name: 'troupe', ours: true, open: (scope) => served(scope, count) },
  ],
});

async function invoke(url: string, count: number): Promise<void> {
  for (let nth = 0; nth < count; nth++) {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ n: nth }),
    });
    await response.text();
    if (response.status !== 202) throw new Error(`${url} answered ${response.status}.`);
  }
}

async function handler({ load, folder, onEnd }: Scope, count: number) {
  const { Hono } = await import('hono');
  const { serve } = await import('@hono/node-server');
  const db = await stepsFile(load, newFile(folder));
  let next = 0;
  const app = new Hono().post('/invoke/bench', async (context) => {
    const id = `run_${next++}`;
    db.insert(id, JSON.stringify(await context.req.json()));
    return context.json({ run_id: id, status: 'accepted' }, 202);
  });
  const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const opened = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(opened));
  });
  onEnd(() => {
    server.close();
    db.close();
  });
  // A server that listens at a TCP port has an address with it.
  const { port } = server.address() as AddressInfo;
  return (timed: Timed) => timed(() => invoke(`http://127.0.0.1:${port}/invoke/bench`, count));
}

async function served(scope: Scope, count: number) {
  const { serveComponents } = await scope.load('src/doors/http/serve/components');
  const { systemClock } = await scope.load('src/engine/clock');
  const workflow = { name: 'bench', pipeline: [{ id: 'only', ...noOp('params') }] };
  const projectDir = writeProject(scope, { 'workflows/bench.workflow.yaml': workflow });
  const components = await serveComponents({
    components: { orchestrator: { host: '127.0.0.1', port: 0 } },
    project: { projectDir, env: {} },
    runtime: { db: newFile(scope.folder) },
    clock: systemClock(),
    secret: 'a secret of the benchmark',
    say: () => {},
  });
  scope.onEnd(() => components[Symbol.asyncDispose]());
  return (timed: Timed) => timed(() => invoke(`${components.urls.orchestrator ?? ''}/invoke/bench`, count));
}
