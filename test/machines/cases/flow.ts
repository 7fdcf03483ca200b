import { fromPromise } from 'xstate';
import { flowMachine } from '../../../machines/flow/flow.ts';
import { flowSetup, followRequests } from '../../../machines/flow/setup.ts';
import { openOf, type FlowMachineContext } from '../../../machines/flow/context.ts';
import { maxNestingDepth } from '../../../machines/member.ts';
import { after, done, failed } from '../../../src/testing/play.ts';
import type { Case } from '../case.ts';
import { fault } from '../effectResults.ts';

const child = fromPromise(() => Promise.resolve(null));
const ticket = { question: 'May it?', schema: { type: 'null' }, deadline: 1_000, onExpiry: 'fail' };
const requests = [
  { kind: 'wait', call: 'ok', ticket },
  { kind: 'sleep', call: 'sleep', until: 10_000 },
  { kind: 'child', call: 'part', source: 'child.part', child: 'flow', input: { input: null } },
];
const open = (more: object) => done('body', { status: 'open', requests: [], busy: false, ...more });

/** Every request has a number of its own, so there is no end of situations: after so many the body asks for nothing new. */
const bounded = (most: number) =>
  flowMachine.provide({
    actors: { 'child.part': child } as never,
    actions: {
      followRequests: flowSetup.enqueueActions(({ context, enqueue }) => {
        if (context.opened < most) enqueue(followRequests);
      }),
    },
  });

/** What decides: how often the body was let go on changes nothing. */
const flowKey = ({ start, open: asked, opened, paused, end }: FlowMachineContext) => [
  start === undefined,
  Object.entries(asked).map(([id, { kind }]) => `${id}.${kind}`),
  opened > 0,
  paused,
  end?.status,
];
const hasTimer = (context: FlowMachineContext) => openOf(context, ['sleep']).length > 0;

export const cases: readonly Case[] = [
  {
    name: 'flow',
    machine: bounded(1),
    // It may wait for a signal alone.
    service: true,
    input: { input: null },
    events: [
      open({}),
      open({ busy: true }),
      open({ requests }),
      open({ requests, busy: true }),
      done('body', { status: 'completed', output: 1 }),
      done('body', { status: 'stopped' }),
      failed('body', fault('code')),
      failed('body', fault('diverged')),
      { type: 'flow.signal', name: 'note', value: 1 },
      { type: 'flow.signal', name: 'note', value: 1, encoded: true },
      { type: 'flow.wake' },
      { type: 'flow.woke', request: 'call.1' },
      { type: 'flow.woke' },
      done('call.0', { status: 'answered', answer: null, by: 'ada' }),
      done('call.0', { status: 'expired' }),
      done('call.0', { status: 'aborted', reason: 'no', by: 'ada' }),
      failed('call.0', fault('internal')),
      done('call.2', { status: 'completed', output: 1 }),
      done('call.2', { status: 'completed', output: 1, encoded: true }),
      done('call.2', { status: 'failed', failure: fault('tool') }),
      done('call.2', { status: 'cancelled', reason: 'enough' }),
      failed('call.2', fault('restarts')),
      { type: 'run.cancel', reason: 'enough' },
      { type: 'run.pause' },
      { type: 'run.resume' },
      { type: 'troupe.deadline' },
      after('grace', 'stopping'),
    ],
    key: flowKey as Case['key'],
    hasTimer: hasTimer as NonNullable<Case['hasTimer']>,
  },
  {
    name: 'flow',
    side: 'nested too deeply',
    machine: flowMachine,
    input: { input: null, depth: maxNestingDepth + 1 },
    events: [{ type: 'run.pause' }],
    key: flowKey as Case['key'],
  },
];
