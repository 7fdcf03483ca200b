import { fromPromise } from 'xstate';
import { workflowMachine } from '../../../machines/workflow/workflow.ts';
import { fanOutMachine } from '../../../machines/workflow/fanOut.ts';
import type { FanOutContext } from '../../../machines/workflow/fanOut/context.ts';
import { stepActions } from '../../../machines/workflow/actions.ts';
import { workflowSetupBase } from '../../../machines/workflow/setupBase.ts';
import { maxNestingDepth } from '../../../machines/member.ts';
import type { WorkflowContext } from '../../../machines/workflow/context.ts';
import type { StepEnd } from '../../../src/contracts/workflow/step.ts';
import { noMetrics } from '../../../src/contracts/workflow/metrics.ts';
import { after, done, failed } from '../../../src/testing/play.ts';
import type { Case } from '../case.ts';
import { fault } from '../effectResults.ts';

const child = fromPromise(() => Promise.resolve(null));
const complete: StepEnd = { status: 'complete', output: { n: 1 }, metrics: noMetrics };
const broken: StepEnd = { status: 'failed', code: 'transient', failure: fault('transient'), metrics: noMetrics };
const record = { id: 'a', started_at: 1, ended_at: 2, attempts: 1, end: complete };
const dispatch = (kind: string, more: object = {}) => ({ step: kind, start: { kind, input: {} }, ...more });
const decided = (decision: object) => done('decide', { finished: [], dispatch: [], ...decision });
const result = { status: 'complete', result: { n: 1 }, metrics: noMetrics } as const;

/**
 * Every child of a workflow has a number of its own, so there is no end of situations: after so many children a decision begins no further step.
 * A notice is a child, too: here all of them are one.
 */
const bounded = (most: number) =>
  workflowMachine.provide({
    actors: { 'workflow.workflow': child } as never,
    actions: {
      notifyApproval: workflowSetupBase.enqueueActions(({ enqueue }) =>
        enqueue.spawnChild('notify', {
          id: 'notify.0',
          input: { step: 'agent', tool_name: 'pay', tool_use_id: '1', arguments: {} },
        }),
      ),
      followDecision: workflowSetupBase.enqueueActions(({ context, enqueue }) => {
        if (context.started < most) enqueue(stepActions.followDecision);
      }),
    },
  });

/** What decides: how many steps there are of each kind changes nothing. */
const workflowKey = ({ records, decided: known, running, attempts, resting, end }: WorkflowContext) => [
  records === known,
  [...new Set(Object.values(running).map(({ kind }) => kind))].sort(),
  Object.keys(running).includes('step.0'),
  Object.keys(attempts).length > 0,
  resting.length > 0,
  end?.output.status,
];

const control = [
  { type: 'run.cancel', reason: 'enough' },
  { type: 'run.pause' },
  { type: 'run.resume' },
  after('deadline', 'workflow.active.clock.ticking'),
  { type: 'troupe.deadline' },
  after('grace', 'workflow.active.lifecycle.stopping.waiting'),
];

const workflows: readonly Case[] = [
  {
    name: 'workflow',
    side: 'with steps',
    machine: bounded(2),
    input: { params: {} },
    events: [
      decided({ dispatch: [dispatch('agent', { timeout: 5, retry: { max: 1, backoff: 1 } })] }),
      decided({ dispatch: [dispatch('webhook')] }),
      decided({ finished: [record], more: true }),
      decided({}),
      decided({ end: { output: result } }),
      decided({
        end: { output: { status: 'failed', step: 'a', code: 'x', failure: fault('tool'), metrics: noMetrics } },
      }),
      failed('decide', fault('internal')),
      done('step.0', complete),
      done('step.0', broken),
      failed('step.0', fault('restarts')),
      done('step.1', complete),
      { type: 'step.late', child: 'step.0' },
      { type: 'step.retry', step: 'agent' },
      ...control,
    ],
    key: workflowKey as Case['key'],
  },
  {
    name: 'workflow',
    side: 'with a notice',
    machine: bounded(1),
    input: { params: {} },
    events: [
      { type: 'step.approval', step: 'agent', tool_name: 'pay', tool_use_id: '1', arguments: {} },
      failed('notify.0', fault('internal')),
      failed('decide', fault('internal')),
    ],
    key: workflowKey as Case['key'],
  },
  {
    name: 'workflow',
    side: 'with workflows, items and questions',
    machine: bounded(1),
    input: { params: {} },
    events: [
      decided({ dispatch: [dispatch('workflow'), dispatch('wait'), dispatch('fanOut'), dispatch('items')] }),
      done('step.0', { output: result }),
      done('step.0', { output: result, step: complete }),
      done('step.0', { output: { status: 'failed', code: 'x', failure: fault('tool'), metrics: noMetrics } }),
      done('step.0', { output: { status: 'cancelled', reason: 'enough', metrics: noMetrics } }),
      done('step.1', { status: 'answered', answer: 1, by: 'ada' }),
      done('step.1', { status: 'expired' }),
      done('step.1', { status: 'aborted', reason: 'no', by: 'ada' }),
      failed('step.1', fault('restarts')),
      done('step.2', complete),
      done('step.3', complete),
      ...control,
    ],
    key: workflowKey as Case['key'],
  },
  {
    name: 'workflow',
    side: 'nested too deeply',
    machine: workflowMachine,
    input: { params: {}, depth: maxNestingDepth + 1 },
    events: [{ type: 'run.pause' }],
    key: workflowKey as Case['key'],
  },
];

const prepared = (items: readonly object[], total: number, more: object = {}) =>
  done('prepareItems', { total, concurrency: 1, items, ...more });
const item = (index: number, kind = 'agent') => ({ item: index, start: { kind, input: {} } });
const values = { params: {}, env: {}, step: {}, sealed: {} };

const fanOutKey = ({ taken, total = -1, running, records, resting, due, end }: FanOutContext) => [
  Math.min(taken, 2),
  taken === total,
  Math.min(records, 2),
  records === total,
  resting.length > 0,
  due.length > 0,
  Object.keys(running).filter((each) => Number(each) < 2),
  end?.status,
];

const fanOuts: Case = {
  name: 'fanOut',
  side: 'of agents',
  machine: fanOutMachine.provide({ actors: { 'workflow.each': child } as never }),
  input: { step: 'each', values, depth: 0, webhooks: true, budgetUsd: 1 },
  events: [
    prepared([item(0)], 1, { retry: { max: 1, backoff: 1 }, reservedUsd: 1 }),
    { type: 'item.retry', item: '0' },
    after('patience', 'fanOut.working.held'),
    prepared([{ item: 0, failure: fault('invalid') }], 1),
    prepared([item(1)], 2),
    prepared([item(0), item(1)], 2),
    failed('item.1', fault('restarts')),
    failed('prepareItems', fault('invalid')),
    done('item.0', complete),
    done('item.0', broken),
    failed('item.0', fault('restarts')),
    done('item.1', complete),
    done('gather', complete),
    failed('gather', fault('internal')),
    { type: 'step.approval', step: 'each.0', tool_name: 'pay', tool_use_id: '1', arguments: {} },
    { type: 'run.cancel', reason: 'enough' },
    { type: 'run.pause' },
    { type: 'run.resume' },
    after('grace', 'fanOut.stopping.waiting'),
  ],
  hasTimer: (({ resting }: FanOutContext) => resting.length > 0) as Case['hasTimer'] & object,
  key: fanOutKey as Case['key'],
};

const fanOutOfWorkflows: Case = {
  name: 'fanOut',
  side: 'of workflows',
  machine: fanOutMachine.provide({ actors: { 'workflow.each': child } as never }),
  input: { step: 'each', values, depth: 0, webhooks: true },
  events: [
    prepared([item(0, 'workflow')], 1),
    done('item.0', { output: result }),
    done('gather', complete),
    { type: 'run.cancel', reason: 'enough' },
  ],
  key: fanOutKey as Case['key'],
};

export const cases: readonly Case[] = [...workflows, fanOuts, fanOutOfWorkflows];
