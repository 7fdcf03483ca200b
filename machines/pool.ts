/**
 * A pool of plain functions: works through the items of one task. The items are no actors: one effect performs them all, some at a time, and stores what it
 * has done in checkpoints.
 *
 * PL1 While it is paused no item begins. It goes on with the items that were not done.
 * PL2 A cancel ends it wherever it is.
 */
import { assign, setup } from 'xstate';
import type { AgentInput, AgentOutput } from '../src/contracts/agent.ts';
import type { Json } from '../src/values/json.ts';
import { failureOf, makeFailure } from './failure.ts';
import { slot } from './slot.ts';
import { cancelledWith, completedWith, failedWith, noOutput } from './workOutput.ts';

/** The input of `work`. */
export interface PoolTask {
  /** What is taken apart into items. */
  readonly task: Json;
  /** How often the pool was paused before: then some of the items are done. */
  readonly pauses: number;
}

export interface PoolContext {
  /** What it was given. */
  readonly task: Json;
  /** How often it was paused. */
  readonly pauses: number;
  readonly output: AgentOutput;
}

/** The commands of a team to one of its members. */
export type PoolEvent = { type: 'agent.cancel'; reason: string } | { type: 'agent.pause' | 'agent.resume' };

/** A pause ends by itself: in milliseconds. The deadline of the team is earlier, where it has one. */
const patience = 7 * 24 * 60 * 60_000;
const pausedTooLong = makeFailure('expired', 'The pool was paused for a week.');

const poolSetup = setup({
  types: {} as {
    context: PoolContext;
    input: AgentInput;
    events: PoolEvent;
    output: AgentOutput;
    tags: 'acting' | 'paused';
  },
  actors: { work: slot<Json, PoolTask>('work') },
  delays: { patience },
  actions: {
    countPause: assign(({ context }) => ({ pauses: context.pauses + 1 })),
    keepOutput: assign((_, output: Json | undefined) => ({ output: completedWith(output ?? null) })),
    keepFailure: assign((_, { error }: { error: unknown }) => ({ output: failedWith(failureOf(error)) })),
    keepReason: assign((_, reason: string) => ({ output: cancelledWith(reason) })),
  },
});

/** Performs the items of a task with what fills the slot `work`, and ends as an agent would. */
export const poolMachine = poolSetup.createMachine({
  id: 'pool',
  options: { maxIterations: 1000 },
  context: ({ input: { body } }) => ({ task: body, pauses: 0, output: noOutput('pool') }),
  initial: 'working',
  on: {
    'agent.cancel': { target: '.ended', actions: { type: 'keepReason', params: ({ event }) => event.reason } },
  },
  states: {
    working: {
      tags: 'acting',
      on: {
        'agent.pause': { target: 'held', actions: 'countPause' },
        'agent.resume': {},
      },
      invoke: {
        src: 'work',
        id: 'work',
        input: ({ context: { task, pauses } }) => ({ task, pauses }),
        onDone: { target: 'ended', actions: { type: 'keepOutput', params: ({ event }) => event.output } },
        onError: { target: 'ended', actions: { type: 'keepFailure', params: ({ event }) => ({ error: event.error }) } },
      },
    },
    held: {
      tags: 'paused',
      on: { 'agent.pause': {}, 'agent.resume': 'working' },
      after: {
        patience: {
          target: 'ended',
          actions: { type: 'keepFailure', params: { error: pausedTooLong } },
        },
      },
    },
    ended: { type: 'final' },
  },
  output: ({ context }) => context.output,
});
