/** A workflow whose agent step is done by a runtime elsewhere, and has failed: a retry of the run gives the work away again. */
import { expect, test } from 'vitest';
import { testRuntime } from 'troupe/testing';
import type { RemoteReply, RemoteWork } from '../../../actors/workflow/remoteAgentStep.ts';
import { noMetrics } from '../../../src/contracts/workflow/metrics.ts';
import { memory } from '../../../src/journal/memory/memory.ts';
import { TroupeError } from '../../../src/values/failure.ts';
import { definitionOf, runnable } from './world.ts';

const done: RemoteReply = { is: 'done', output: { n: 1 }, metrics: noMetrics, reflected: false };
const failed: RemoteReply = {
  is: 'failed',
  code: 'max_turns_exceeded',
  failure: { kind: 'model', message: 'It has no more turns.', retryable: false },
  metrics: noMetrics,
  raw: undefined,
};
const pending: RemoteReply = {
  is: 'pending',
  approval: { tool: 'pay', id: 'c0', input: { sum: 3 }, onReject: 'fail', timeoutBehavior: 'fail' },
  metrics: noMetrics,
  messages: [{ role: 'user', content: 'plan' }],
};

/** What the runtime does with a dispatch. */
type Behaviour = (work: Pick<RemoteWork, 'dispatch' | 'decided'>) => RemoteReply | 'refuses';

/** A run of one agent step; each of its lives is a process of its own. */
async function remoteRun(servers = '') {
  const journal = memory();
  const definition = await definitionOf({
    'workflows/w.workflow.yaml': 'kind: workflow\npipeline:\n  - {id: plan, agent: agents/planner.agent.yaml}\n',
    'servers/desk.server.yaml': 'name: desk\nurl: http://127.0.0.1:1\n',
    'agents/planner.agent.yaml': `name: planner\nmodel: standard\n${servers}prompt: {system: You plan., user: plan}\noutput: {schema: {type: object, required: [n], properties: {n: {type: integer}}}}\n`,
  });
  return {
    /** How the run ends in this life, the numbers of the dispatches that were made in it, and how often a person was asked. */
    async life(how: 'start' | 'retry', behaviour: Behaviour) {
      const dispatches: number[] = [];
      const given = new Map<string, RemoteWork>();
      const { subject } = runnable(definition, {
        remote: {
          async dispatch(work) {
            dispatches.push(work.dispatch);
            given.set(`${work.actor} ${work.dispatch}`, work);
            if (behaviour(work) === 'refuses') throw new TroupeError('invalid', 'The runtime answered 400.');
          },
          // What was given to no runtime is never answered.
          async reply(actor, dispatch) {
            const work = given.get(`${actor} ${dispatch}`);
            const reply = work && behaviour(work);
            return reply === undefined || reply === 'refuses' ? { is: 'silent' } : reply;
          },
        },
      });
      await using runtime = await testRuntime({ journal });
      const run = how === 'retry' ? await runtime.retry('k', subject) : await runtime.start(subject, {}, { key: 'k' });
      await runtime.advance('1m');
      let asked = 0;
      for (const ticket of await runtime.tickets()) {
        asked++;
        await runtime.answer(ticket.id, { approved: true }, 'eve');
        await runtime.advance('1m');
      }
      return { outcome: await run.outcome(), dispatches, asked };
    },
  };
}

test.each([
  ['failed', failed],
  ['was silent', { is: 'silent' }],
  ['gave an answer that does not fit its schema', { ...done, output: { n: 'many' } }],
] as const)('a runtime that %s is given the work again by a retry', async (_, first: RemoteReply) => {
  const run = await remoteRun();
  expect((await run.life('start', () => first)).outcome).toMatchObject({ status: 'failed' });
  expect((await run.life('retry', () => first)).dispatches[0]).toBe(1);
  expect(await run.life('retry', () => done)).toMatchObject({ outcome: { status: 'done' }, dispatches: [1] });
});

test('a runtime that refused the work is given it again by a retry', async () => {
  const run = await remoteRun();
  expect((await run.life('start', () => 'refuses')).outcome).toMatchObject({ status: 'failed' });
  expect(await run.life('retry', () => done)).toMatchObject({ outcome: { status: 'done' }, dispatches: [1] });
});

test('a retry begins the work anew: a person is asked again about a call that may be made again', async () => {
  const run = await remoteRun();
  const asksThen =
    (then: RemoteReply): Behaviour =>
    ({ dispatch }) =>
      dispatch === 1 ? pending : then;
  expect(await run.life('start', asksThen(failed))).toMatchObject({ outcome: { status: 'failed' }, asked: 1 });
  expect(await run.life('retry', asksThen(done))).toMatchObject({
    outcome: { status: 'done' },
    dispatches: [1, 2],
    asked: 1,
  });
});

test('work of a silent runtime is given away again when it has no tools, and twice at most', async () => {
  const silent: RemoteReply = { is: 'silent' };
  const run = await remoteRun();
  expect(await run.life('start', ({ dispatch }) => (dispatch < 3 ? silent : done))).toMatchObject({
    outcome: { status: 'done' },
    dispatches: [1, 2, 3],
  });
  for (const [servers, dispatches] of [
    ['', [1, 2, 3]],
    ['servers:\n  - {name: desk, path: ../servers/desk.server.yaml, access: {allowlist: ["*"]}}\n', [1]],
  ] as const) {
    const other = await remoteRun(servers);
    const ended = await other.life('start', () => silent);
    expect(ended).toMatchObject({ outcome: { status: 'failed' }, dispatches });
    expect(JSON.stringify(ended.outcome)).toContain('heartbeat_timeout');
  }
});
