/**
 * One call that must not be taken lightly: a write, or a call that a person has to allow.
 *
 * K1 Nothing runs before the approval of exactly this call (its hash is in the ticket), when one is needed.
 * K2 A write that may have happened is looked up, or asked about; it is never repeated blindly.
 * K3 A write that has begun is not interrupted; what waits for its approval, or only reads, is.
 * K4 However it ends, there is an outcome to tell the model.
 * K5 Work that is handed to an agent or a team of the caller's is a child with its own durability; what it used is in the outcome, also when it is told to stop.
 */
import { assign, enqueueActions, setup } from 'xstate';
import type { AgentInput, AgentOutput } from '../src/contracts/agent.ts';
import type { Failure } from '../src/contracts/failure.ts';
import type { Json } from '../src/contracts/json.ts';
import type { RunInput, RunOutput } from '../src/contracts/run.ts';
import type { Approval, WaitOutput } from '../src/contracts/wait.ts';
import type { ToolAnswer, ToolOutcome, ToolRequest } from './agent/turn.ts';
import { failure, failureOf } from './failure.ts';
import { endOf, inputFor, maxDepth, plainMember, tooDeep, wordFor, type Delegation } from './member.ts';
import { slot } from './slot.ts';
import { unanswered, waitMachine } from './wait.ts';

export interface ToolCallInput {
  readonly call: ToolRequest;
  /** Must a person agree? */
  readonly ask: boolean;
  /** Milliseconds that a person has. */
  readonly patience: number;
  /** It is work for somebody else. */
  readonly delegate?: Delegation;
}

export type ToolCallEvent =
  | { type: 'call.interrupt' }
  | { type: 'call.pause' }
  | { type: 'call.resume' }
  /** Work for somebody else: its caller ends, and wants to know what it used. */
  | { type: 'call.cancel'; reason: string };

/** Did the write happen? `undefined`: nobody can tell. */
export type Reconciled = ({ done: true } & ToolAnswer) | { done: false } | { done: undefined };

export interface ToolCallContext extends ToolCallInput {
  readonly attempts: number;
  readonly outcome: ToolOutcome;
}

const approvalSchema = {
  type: 'object',
  properties: { approved: { type: 'boolean' }, note: { type: 'string' } },
  required: ['approved'],
  additionalProperties: false,
};
const happenedSchema = {
  type: 'object',
  properties: { happened: { type: 'boolean' }, note: { type: 'string' } },
  required: ['happened'],
  additionalProperties: false,
};

/** More attempts than this were confirmed not to have happened: something else is wrong. */
const maxAttempts = 3;

const interrupted = failure('denied', 'Not made, or stopped before it answered: somebody said something meanwhile.');
const failed = (reason: Failure): ToolOutcome => ({ ok: false, content: reason.message, failure: reason });
const answerOf = (output: WaitOutput): Json | undefined => (output.status === 'aborted' ? undefined : output.answer);
const didHappen = (output: WaitOutput) => (answerOf(output) as { happened?: boolean } | undefined)?.happened;

export const toolCallMachine = setup({
  types: {} as {
    context: ToolCallContext;
    input: ToolCallInput;
    events: ToolCallEvent;
    output: ToolOutcome;
    tags: 'waiting' | 'acting';
  },
  actors: {
    runTool: slot<ToolAnswer, ToolRequest>('runTool'),
    reconcile: slot<Reconciled, ToolRequest & { key?: string }>('reconcile'),
    delegate: slot<AgentOutput | RunOutput, AgentInput | RunInput>('delegate'),
    wait: waitMachine,
  },
  guards: {
    isHarmless: ({ context }) => context.call.effect !== 'write',
    needsApproval: ({ context }) => context.ask,
    isDelegated: ({ context }) => context.delegate !== undefined,
    isTooDeep: ({ context }) => (context.delegate?.depth ?? 0) > maxDepth,
    isApproved: (_, output: WaitOutput) => (answerOf(output) as Approval | undefined)?.approved === true,
    isUncertain: (_, { error }: { error: unknown }) => failureOf(error).kind === 'uncertain',
    happened: (_, output: WaitOutput) => didHappen(output) === true,
    didNotHappen: ({ context }, output: WaitOutput) => didHappen(output) === false && context.attempts < maxAttempts,
    wasDone: (_, found: Reconciled) => found.done === true,
    wasNotDone: ({ context }, found: Reconciled) => found.done === false && context.attempts < maxAttempts,
  },
  actions: {
    countAttempt: assign({ attempts: ({ context }) => context.attempts + 1 }),
    keepAnswer: assign((_, answer: ToolAnswer) => ({ outcome: { ok: true as const, content: answer.content } })),
    keepFailure: assign((_, { error }: { error: unknown }) => ({ outcome: failed(failureOf(error)) })),
    keepDelegated: assign(({ context }, output: AgentOutput | RunOutput) => ({
      outcome: delegated(context, output),
    })),
    noteTooDeep: assign(({ context }) => ({ outcome: failed(tooDeep(context.delegate?.depth ?? 0)) })),
    /** In the words of whoever does the work. */
    passOn: enqueueActions(({ context, event, enqueue }) => {
      const what = event.type.slice('call.'.length) as 'cancel' | 'pause' | 'resume';
      const reason = event.type === 'call.cancel' ? event.reason : '';
      enqueue.sendTo('delegate', wordFor(context.delegate?.who ?? plainMember, what, '', reason) as never);
    }),
    keepDenial: assign((_, output: WaitOutput) => ({ outcome: failed(denialOf(output)) })),
    keepTestimony: assign((_, output: WaitOutput) => ({
      outcome: {
        ok: true as const,
        content: `A person confirmed that it happened. ${(answerOf(output) as { note?: string }).note ?? ''}`.trim(),
      },
    })),
    keepInterruption: assign({ outcome: failed(interrupted) }),
    keepDoubt: assign(({ context }) => ({
      outcome: failed(
        failure(
          'uncertain',
          `"${context.call.name}" may or may not have happened, and nobody could tell. Do not repeat it.`,
        ),
      ),
    })),
  },
}).createMachine({
  id: 'toolCall',
  options: { maxIterations: 1000 },
  context: ({ input }) => ({
    ...input,
    attempts: 0,
    outcome: failed(failure('cancelled', 'The call was stopped before it ended.')),
  }),
  initial: 'deciding',
  on: { 'call.interrupt': {}, 'call.pause': {}, 'call.resume': {} },
  states: {
    deciding: {
      always: [{ guard: 'needsApproval', target: 'awaitingApproval' }, { target: 'permitted' }],
    },
    permitted: {
      always: [
        { guard: 'isTooDeep', target: 'denied', actions: 'noteTooDeep' },
        { guard: 'isDelegated', target: 'delegating' },
        { target: 'executing' },
      ],
    },
    delegating: {
      tags: 'acting',
      on: {
        'call.pause': { actions: 'passOn' },
        'call.resume': { actions: 'passOn' },
        'call.cancel': { actions: 'passOn' },
      },
      invoke: {
        src: 'delegate',
        id: 'delegate',
        input: ({ context: { delegate } }) => inputFor(delegate!.who, delegate!),
        onDone: { target: 'answered', actions: { type: 'keepDelegated', params: ({ event }) => event.output } },
        onError: {
          target: 'answered',
          actions: { type: 'keepFailure', params: ({ event }) => ({ error: event.error }) },
        },
      },
    },
    awaitingApproval: {
      tags: 'waiting',
      on: {
        'call.interrupt': { target: 'denied', actions: 'keepInterruption' },
        'call.cancel': { target: 'denied', actions: 'keepInterruption' },
      },
      invoke: {
        src: 'wait',
        id: 'approval',
        input: ({ context: { call, patience } }) => ({
          question: `May ${call.name} be called with these arguments?`,
          subject: { tool: call.name, input: call.input as never, hash: call.hash },
          schema: approvalSchema,
          deadline: patience,
          onExpiry: { default: { approved: false, note: 'Nobody answered in time.' } },
        }),
        onDone: [
          { guard: { type: 'isApproved', params: ({ event }) => event.output }, target: 'permitted' },
          { target: 'denied', actions: { type: 'keepDenial', params: ({ event }) => event.output } },
        ],
        onError: {
          target: 'denied',
          actions: { type: 'keepFailure', params: ({ event }) => ({ error: event.error }) },
        },
      },
    },
    executing: {
      tags: 'acting',
      entry: 'countAttempt',
      on: { 'call.interrupt': { guard: 'isHarmless', target: 'answered', actions: 'keepInterruption' } },
      invoke: {
        src: 'runTool',
        id: 'tool',
        input: ({ context }) => context.call,
        onDone: { target: 'answered', actions: { type: 'keepAnswer', params: ({ event }) => event.output } },
        onError: [
          { guard: { type: 'isUncertain', params: ({ event }) => ({ error: event.error }) }, target: 'reconciling' },
          { target: 'answered', actions: { type: 'keepFailure', params: ({ event }) => ({ error: event.error }) } },
        ],
      },
    },
    reconciling: {
      invoke: {
        src: 'reconcile',
        id: 'reconcile',
        input: ({ context }) => context.call,
        onDone: [
          {
            guard: { type: 'wasDone', params: ({ event }) => event.output },
            target: 'answered',
            actions: { type: 'keepAnswer', params: ({ event }) => event.output as never },
          },
          { guard: { type: 'wasNotDone', params: ({ event }) => event.output }, target: 'executing' },
          { target: 'asking' },
        ],
        onError: 'asking',
      },
    },
    asking: {
      tags: 'waiting',
      invoke: {
        src: 'wait',
        id: 'testimony',
        input: ({ context: { call, patience } }) => ({
          question: `${call.name} may or may not have happened. Did it?`,
          subject: { tool: call.name, input: call.input as never, hash: call.hash },
          schema: happenedSchema,
          deadline: patience,
          onExpiry: 'fail' as const,
        }),
        onDone: [
          {
            guard: { type: 'happened', params: ({ event }) => event.output },
            target: 'answered',
            actions: { type: 'keepTestimony', params: ({ event }) => event.output },
          },
          { guard: { type: 'didNotHappen', params: ({ event }) => event.output }, target: 'executing' },
          { target: 'answered', actions: 'keepDoubt' },
        ],
        onError: { target: 'answered', actions: 'keepDoubt' },
      },
    },
    answered: { type: 'final' },
    denied: { type: 'final' },
  },
  output: ({ context }) => context.outcome,
});

/** How somebody else's work ended. That it failed is the caller's to mend: it is told so, whatever the reason was. */
function delegated({ call, delegate }: ToolCallContext, output: AgentOutput | RunOutput): ToolOutcome {
  const { answer, failure: reason, usage } = endOf({ type: 'done', output }, delegate?.who);
  if (answer) {
    const { body } = answer;
    return { ok: true, content: typeof body === 'string' ? body : JSON.stringify(body), usage };
  }
  const kind = reason?.kind ?? 'internal';
  const why = failure('tool', `"${call.name}" could not do it: ${reason?.message ?? 'no reason given'}`, {
    tool: call.name,
    failed: kind,
  });
  return { ...failed(why), usage };
}

function denialOf(output: WaitOutput): Failure {
  if (output.status === 'aborted') return unanswered(output);
  const { note } = (output.answer ?? {}) as { note?: string };
  const who = output.status === 'answered' ? output.by : 'the deadline';
  return failure('denied', `Denied by ${who}${note ? `: ${note}` : '.'}`);
}
