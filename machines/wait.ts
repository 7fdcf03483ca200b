/** A question to a person, answered once: by a person, by a default when its time is up, or by a withdrawal. */
import { assign, setup } from 'xstate';
import type { Failure } from '../src/values/failure.ts';
import type { WaitInput, WaitOutput, WaitSignal } from '../src/contracts/wait.ts';
import { makeFailure } from './failure.ts';
import { fitsSchema } from './schemaCheck.ts';

/** The context of a ticket. */
export interface WaitContext {
  readonly ticket: WaitInput;
  /** How it ended; undefined while it is open. */
  readonly end: WaitOutput | undefined;
}

/** A ticket: waits for `wait.answer` or `wait.abort` until its deadline, and outputs a `WaitOutput`. */
export const waitMachine = setup({
  types: {} as { context: WaitContext; input: WaitInput; events: WaitSignal; output: WaitOutput; tags: 'waiting' },
  delays: {
    deadline: ({ context }) => context.ticket.deadline,
  },
  guards: {
    /** The runtime checks the whole schema; this checks what would mislead the machine that asked. */
    isFitting: ({ context, event }) => event.type === 'wait.answer' && fitsSchema(context.ticket.schema, event.answer),
  },
  actions: {
    keepAnswer: assign(({ context: { ticket }, event }) =>
      event.type === 'wait.answer'
        ? {
            end: {
              status: 'answered',
              answer: event.answer,
              by: event.by,
              ...(ticket.until === undefined ? {} : { until: ticket.until }),
            } as const,
          }
        : {},
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

/** The failure of a machine that needed an answer and got none. */
export const unansweredFailure = (output: WaitOutput): Failure =>
  output.status === 'aborted'
    ? makeFailure('denied', `${output.by} withdrew the question: ${output.reason}`)
    : makeFailure('expired', 'Nobody answered in time.');
