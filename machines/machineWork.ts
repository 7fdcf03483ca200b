/**
 * One call of a machine by an agent: the machine as a durable child, and its end in the words in which agents end.
 *
 * A cancel stops the machine wherever it is. It cannot be paused: only it knows where it may rest.
 */
import { assign, setup } from 'xstate';
import type { AgentInput, AgentOutput } from '../src/contracts/agent.ts';
import type { Failure } from '../src/values/failure.ts';
import type { Json } from '../src/values/json.ts';
import { failureOf } from './failure.ts';
import { asZodJson } from './json.ts';
import { slot } from './slot.ts';
import { zeroUsage } from './usage.ts';

export interface MachineWorkContext {
  /** What the machine is started with. */
  readonly given: Json;
  readonly output: AgentOutput;
}

/** The commands of an agent that calls it. */
export type MachineWorkEvent = { type: 'agent.cancel'; reason: string } | { type: 'agent.pause' | 'agent.resume' };

const failedWith = (failure: Failure): AgentOutput => ({
  status: 'failed',
  failure,
  phase: 'execution',
  evidence: [],
  usage: zeroUsage,
});

const workSetup = setup({
  types: {} as {
    context: MachineWorkContext;
    input: AgentInput;
    events: MachineWorkEvent;
    output: AgentOutput;
    tags: 'acting';
  },
  actors: { machine: slot<Json, Json>('machine') },
  actions: {
    keepOutput: assign((_, output: Json | undefined) => ({
      output: {
        status: 'completed' as const,
        answer: { type: 'result', body: asZodJson(output ?? null) },
        evidence: [],
        usage: zeroUsage,
      },
    })),
    keepFailure: assign((_, { error }: { error: unknown }) => ({ output: failedWith(failureOf(error)) })),
    keepReason: assign((_, reason: string) => ({
      output: { status: 'cancelled' as const, reason, usage: zeroUsage },
    })),
  },
});

/** Runs the machine that fills the slot `machine`, and ends as an agent would. */
export const machineWorkMachine = workSetup.createMachine({
  id: 'machineWork',
  options: { maxIterations: 1000 },
  context: ({ input: { body } }) => ({
    given: body,
    output: failedWith({ kind: 'internal', message: 'The machine ended without an output.', retryable: false }),
  }),
  initial: 'working',
  states: {
    working: {
      tags: 'acting',
      on: {
        'agent.cancel': {
          target: 'ended',
          actions: { type: 'keepReason', params: ({ event }) => event.reason },
        },
        'agent.pause': {},
        'agent.resume': {},
      },
      invoke: {
        src: 'machine',
        id: 'machine',
        input: ({ context }) => context.given,
        onDone: { target: 'ended', actions: { type: 'keepOutput', params: ({ event }) => event.output } },
        onError: { target: 'ended', actions: { type: 'keepFailure', params: ({ event }) => ({ error: event.error }) } },
      },
    },
    ended: { type: 'final' },
  },
  output: ({ context }) => context.output,
});
