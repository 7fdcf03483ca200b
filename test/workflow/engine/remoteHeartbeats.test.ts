/** A runtime elsewhere works for minutes: its heartbeats say that it lives, also when it is of another maker. */
import { expect, test } from 'vitest';
import { testRuntime } from 'troupe/testing';
import type { InvokeRequest } from '../../../src/doors/http/contracts/runtimeRequest.ts';
import { CallbackPayload } from '../../../src/doors/http/contracts/stepMessages.ts';
import { remoteRuntimes } from '../../../src/doors/http/serve/remoteRuntimes.ts';
import { memory } from '../../../src/journal/memory/memory.ts';
import { definitionOf, runnable } from './world.ts';

const definition = await definitionOf({
  'workflows/w.workflow.yaml': 'pipeline:\n  - {id: part, workflow: ./inner.workflow.yaml}\n',
  'workflows/inner.workflow.yaml':
    'visibility: sub-workflow\npipeline:\n  - {id: plan, agent: agents/planner.agent.yaml}\noutput: {map: {n: step.plan.n}}\n',
  'agents/planner.agent.yaml':
    'name: planner\nmodel: standard\nprompt: {system: You plan., user: plan}\noutput: {schema: {type: object}}\n',
});

/** What a runtime that works on this says of it every five seconds. */
type Beat = (work: Pick<InvokeRequest, 'run_id' | 'step_id'>) => { run_id: string; step_id: string } | undefined;

test.each<[string, 'done' | 'failed', Beat]>([
  ['its run and its step', 'done', ({ run_id, step_id }) => ({ run_id, step_id })],
  [
    'them, split at the first slash',
    'done',
    ({ run_id, step_id }) => {
      const [run = '', ...rest] = `${run_id}/${step_id}`.split('/');
      return { run_id: run, step_id: rest.join('/') };
    },
  ],
  ['another step', 'failed', ({ run_id }) => ({ run_id, step_id: 'other' })],
  ['nothing', 'failed', () => undefined],
])(
  'a step of a sub-run whose runtime names %s in its heartbeats is %s after minutes of work',
  async (_, status, beat) => {
    const journal = memory();
    await using runtime = await testRuntime({ journal });
    const { clock } = runtime;
    const given: InvokeRequest[] = [];
    const remote = remoteRuntimes({
      client: { invoke: async (request) => void given.push(request) },
      journal: () => journal,
      clock,
      ownUrl: () => 'http://orchestrator',
      secret: 'the secret of the test',
    });
    const { subject } = runnable(definition, { remote });
    const run = await runtime.start(subject, {});
    for (let beats = 0; beats < 24; beats++) {
      await runtime.advance('5s');
      const active = given.flatMap((work) => beat(work) ?? []);
      remote.heartbeat({ runtime_id: 'rt-1', active });
    }
    const [work] = given;
    const { run_id, step_id, callback_url } = work ?? { run_id: '', step_id: '', callback_url: 'http://none' };
    const token = new URL(callback_url).searchParams.get('token') ?? '';
    const payload = CallbackPayload.parse({ run_id, step_id, status: 'ok', output: { n: 7 } });
    const taken = remote.complete(run_id, step_id, payload, token);
    await runtime.advance('1m');
    await taken;
    const outcome = await run.outcome();
    expect(outcome.status).toBe(status);
    if (status === 'done') expect(outcome).toMatchObject({ output: { n: 7 } });
    else expect(JSON.stringify(outcome)).toContain('heartbeat_timeout');
  },
);
