/**
 * One call of a machine by an agent: the machine as a durable child, and its end in the words in which agents end.
 *
 * A cancel stops the machine wherever it is. It cannot be paused: only it knows where it may rest.
 */
import { assign, setup } from 'xstate';
import type { AgentInput, AgentOutput } from '../src/contracts/agent.ts';
import type { Json } from '../src/values/json.ts';
import { failureOf } from './failure.ts';
import { slot } from './slot.ts';
import { cancelledWith, completedWith, failedWith, noOutput } from './workOutput.ts';

export interface MachineWorkContext {
  /** What the machine is started with. */
  readonly given: Json;
  readonly output: AgentOutput;
}

/** The commands of an agent that calls it. */
export type MachineWorkEvent = { type: 'agent.cancel'; reason: string } | { type: 'agent.pause' | 'agent.resume' };

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
      output: completedWith(output ?? null),
    })),
    keepFailure: assign((_, { error }: { error: unknown }) => ({ output: failedWith(failureOf(error)) })),
    keepReason: assign((_, reason: string) => ({
      output: cancelledWith(reason),
    })),
  },
});

/** Runs the machine that fills the slot `machine`, and ends as an agent would. */
export const machineWorkMachine = workSetup.createMachine({
  id: 'machineWork',
  options: { maxIterations: 1000 },
  context: ({ input: { body } }) => ({
    given: body,
    output: noOutput('machine'),
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
