/** A question to a person, answered once: by somebody, by a default when time is up, or by whoever withdraws it. */
import { assign, setup } from 'xstate';
import type { Failure } from '../src/contracts/failure.ts';
import type { Json, JsonObject } from '../src/contracts/json.ts';
import type { WaitInput, WaitOutput, WaitSignal } from '../src/contracts/wait.ts';
import { failure } from './failure.ts';
import { fits } from './fits.ts';

export interface WaitContext {
  readonly ticket: WaitInput;
  readonly end: WaitOutput | undefined;
}

export const waitMachine = setup({
  types: {} as { context: WaitContext; input: WaitInput; events: WaitSignal; output: WaitOutput; tags: 'waiting' },
  delays: {
    deadline: ({ context }) => context.ticket.deadline,
  },
  guards: {
    /** The door checks the whole schema; here is checked what would mislead the asker. */
    isFitting: ({ context, event }) =>
      event.type === 'wait.answer' && fits(context.ticket.schema as JsonObject, event.answer as Json),
  },
  actions: {
    keepAnswer: assign(({ event }) =>
      event.type === 'wait.answer' ? { end: { status: 'answered', answer: event.answer, by: event.by } as const } : {},
    ),
    keepReason: assign(({ event }) =>
      event.type === 'wait.abort' ? { end: { status: 'aborted', reason: event.reason, by: event.by } as const } : {},
    ),
    keepDefault: assign(({ context }) => ({ end: expiryOf(context.ticket) })),
  },
}).createMachine({
  id: 'wait',
  options: { maxIterations: 1000 },
  context: ({ input }) => ({ ticket: input, end: undefined }),
  initial: 'open',
  states: {
    open: {
      tags: 'waiting',
      on: {
        'wait.answer': { guard: 'isFitting', target: 'answered', actions: 'keepAnswer' },
        'wait.abort': { target: 'aborted', actions: 'keepReason' },
      },
      after: { deadline: { target: 'expired', actions: 'keepDefault' } },
    },
    answered: { type: 'final' },
    expired: { type: 'final' },
    aborted: { type: 'final' },
  },
  output: ({ context }) => context.end ?? expiryOf(context.ticket),
});

function expiryOf({ onExpiry }: WaitInput): WaitOutput {
  return onExpiry === 'fail' ? { status: 'expired' } : { status: 'expired', answer: onExpiry.default };
}

/** Why there is no answer, for whoever needed one. */
export const unanswered = (output: WaitOutput): Failure =>
  output.status === 'aborted'
    ? failure('denied', `${output.by} withdrew the question: ${output.reason}`)
    : failure('expired', 'Nobody answered in time.');
