/** The router's chart: events that come too late, out of order, or from a parent. */
import { expect, test } from 'vitest';
import { fromPromise } from 'xstate';
import { routerWith } from '../../../machines/router/router.ts';
import { defaultRouterSettings } from '../../../machines/router/settings.ts';
import { story } from 'troupe/testing';
// oxlint-disable-next-line import/no-unassigned-import -- as users do
import 'troupe/testing/vitest';
import { fault, used } from '../effectResults.ts';

const member = fromPromise(() => Promise.resolve(null));
const machine = routerWith({
  ...defaultRouterSettings,
  members: ['ada', 'bob'].map((id) => ({ id, steps: 5, takes: ['task'] })),
  strategy: { kind: 'roundRobin' },
  mode: 'parallel:2',
  places: () => 2,
}).provide({ actors: { ada: member, bob: member } as never });

const answer = { status: 'completed', answer: { type: 'text', body: 'done' }, evidence: [], usage: used };
const standing = { tasks: [], shape: 'many' as const, standing: true };
const work = (id: string, change = {}) => ({
  type: 'work' as const,
  id,
  message: { type: 'task', body: 'Go.' },
  attempt: 1,
  facts: {},
  ...change,
});

test('a closed router takes no more tasks, and ends after the tasks it has', () => {
  const task = { type: 'orchestra.task' as const, task: { input: 'Go.' } };
  const closed = story(machine, standing).send(task).send({ type: 'orchestra.close' });
  const late = closed.send(task);
  expect(late.snapshot.context).toMatchObject({ submitted: 1, answered: 0 });
  expect(late.done('task.0', answer).done('collect', [])).toRestIn('completed');
});

test('work from a parent is answered with the output of the member, and kept in no list', () => {
  const played = story(machine, standing).send(work('w-1', { to: 'bob', allowance: { steps: 2, usd: 1 } }));
  expect(played).toHaveRequested('bob', { type: 'task', body: 'Go.', allowance: { steps: 2, usd: 1 }, depth: 1 });
  const answered = played.done('task.0', answer);
  const sent = answered.actions
    .filter(({ type }) => type === 'xstate.sendTo')
    .map(({ params }) => (params as { event: unknown }).event);
  expect(sent).toEqual([{ type: 'work.done', id: 'w-1', output: answer }]);
  expect(answered.actions.filter(({ type }) => type === 'append')).toEqual([]);
});

test('work that no member can take is refused at once, with the name and the reason', () => {
  const played = story(machine, standing).send(work('w-1', { to: 'zed' }));
  const [sent] = played.actions
    .filter(({ type }) => type === 'xstate.sendTo')
    .map(({ params }) => (params as { event: unknown }).event);
  expect(sent).toMatchObject({
    type: 'work.done',
    id: 'w-1',
    output: {
      status: 'failed',
      failure: { kind: 'capability', data: { refusedBy: 'roundRobin', candidates: ['ada', 'bob'] } },
    },
  });
});

test('an attempt that ignores its cancel is stopped, and counts as usage all it was granted', () => {
  const cancelled = story(machine, { tasks: [{ input: 'Go.' }], shape: 'one' }).send({
    type: 'orchestra.cancel',
    reason: 'enough',
  });
  expect(cancelled.snapshot.context.jobs[0]).toMatchObject({ stage: 'stopping', stopping: 'cancelled' });
  const stopped = cancelled.send({ type: 'grace.over', place: 0 });
  expect(stopped.snapshot.context).toMatchObject({ consumed: 5, answered: 1 });
  expect(stopped.done('collect', [])).toRestIn('cancelled');
});

test('an answer that comes together with the cancel is kept', () => {
  const tasks = [{ input: 'Go.' }];
  const cancelled = story(machine, { tasks, shape: 'one' }).send({ type: 'orchestra.cancel', reason: 'enough' });
  expect(cancelled.done('task.0', answer)).toHaveAppended('results', expect.objectContaining({ seq: 0 }));
  const { actions } = cancelled.done('task.0', answer);
  const kept = actions
    .filter(({ type }) => type === 'append')
    .map(({ params }) => params as { list: string; entry: { result?: object } });
  expect(kept.find(({ list }) => list === 'results')!.entry.result).toMatchObject({ success: true });
});

test('results that cannot be read back fail the orchestrator', () => {
  const played = story(machine, { tasks: [], shape: 'many' }).failed('collect', fault('storage'));
  expect(played).toRestIn('failed');
  expect(played.snapshot.output).toMatchObject({ status: 'failed', failure: { kind: 'storage' } });
});
