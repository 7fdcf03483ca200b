/**
 * One tool call with an actor of its own: a write, a call that a person must approve, or work for another agent or team.
 *
 * K1 If approval is needed, nothing runs before exactly this call is approved (its hash is in the ticket).
 * K2 A write that may have happened is reconciled: first its tool is asked, then a person. It is never repeated without such an answer.
 * K3 An interruption does not stop a write that has begun. It stops a call that waits for approval or only reads.
 * K4 Every call has an outcome for the model, however it ends.
 * K5 Work for another agent or team runs as a durable child. The outcome contains its usage, also when it was told to stop.
 * K6 The attempts at a write, what looks it up and what makes it again have one key: that of the first attempt.
 */
import { assign, enqueueActions, setup, type AnyActorRef } from 'xstate';
import type { AgentOutput } from '../src/contracts/agent.ts';
import type { Failure } from '../src/values/failure.ts';
import type { RunInput, RunOutput } from '../src/contracts/run.ts';
import type { TreasuryAnswer, TreasuryLease } from '../src/contracts/treasury.ts';
import type { WaitOutput } from '../src/contracts/wait.ts';
import { madeInWords, partsIn } from '../src/contracts/parts.ts';
import type { ToolAnswer, ToolOutcome, ToolRequest } from './agent/effectTypes.ts';
import { makeFailure, failureOf } from './failure.ts';
import { asZodJson } from './json.ts';
import { propertiesOf } from '../src/values/properties.ts';
import {
  memberEndOf,
  memberInput,
  maxNestingDepth,
  defaultMember,
  tooDeepFailure,
  memberCommandEvent,
  type Delegation,
  type SingleWorkInput,
} from './member.ts';
import { parent } from './parent.ts';
import { slot } from './slot.ts';
import { unansweredFailure, waitMachine } from './wait.ts';

/** The input of `toolCallMachine`. */
export interface ToolCallInput {
  /** The tool, its arguments and what is known of its effect. */
  readonly call: ToolRequest;
  /** Whether a person must approve it. */
  readonly ask: boolean;
  /** How long a person has to answer, in milliseconds. */
  readonly patience: number;
  /** The agent or team whose work the call is, and its message; undefined for a call of a tool. */
  readonly delegate?: Delegation;
}

export type ToolCallEvent =
  | { type: 'call.interrupt' }
  | { type: 'call.pause' }
  | { type: 'call.resume' }
  /** For a delegate: its caller is ending, and waits to learn what the work has used. */
  | { type: 'call.cancel'; reason: string }
  | TreasuryLease
  | TreasuryAnswer;

/** Whether a write has happened; `done: undefined` when the tool cannot tell. */
export type WriteReconciliation =
  | ({ done: true } & ToolAnswer)
  | { done: false }
  | {
      /** The tool cannot tell, so a person is asked. */
      done: undefined;
    };

export interface ToolCallContext extends ToolCallInput {
  readonly attempts: number;
  readonly outcome: ToolOutcome;
  /** The key of the first attempt, once it is uncertain whether it happened (K6). */
  readonly key?: string;
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

/** After so many attempts that were confirmed not to have happened, there is no further one. */
const maxAttempts = 3;

const commands = { 'call.pause': 'pause', 'call.resume': 'resume', 'call.cancel': 'cancel' } as const;

const interrupted = makeFailure(
  'denied',
  'Not made, or stopped before it answered: somebody said something meanwhile.',
);
const failed = (reason: Failure): ToolOutcome => ({ ok: false, content: reason.message, failure: reason });
/** The fields of a person's answer, or of the ticket's default. */
const answerIn = (output: WaitOutput) => propertiesOf(output.status === 'aborted' ? undefined : output.answer);
/** The note that a person may add. */
const noteIn = (output: WaitOutput): string => {
  const { note } = answerIn(output);
  return typeof note === 'string' ? note : '';
};

const toolCallSetup = setup({
  types: {} as {
    context: ToolCallContext;
    input: ToolCallInput;
    events: ToolCallEvent;
    output: ToolOutcome;
    tags: 'waiting' | 'acting';
  },
  actors: {
    runTool: slot<ToolAnswer, ToolRequest>('runTool'),
    reconcile: slot<WriteReconciliation, ToolRequest>('reconcile'),
    delegate: slot<AgentOutput | RunOutput, SingleWorkInput | RunInput>('delegate'),
    wait: waitMachine,
  },
  guards: {
    isHarmless: ({ context }) => context.call.effect !== 'write',
    needsApproval: ({ context }) => context.ask,
    isDelegated: ({ context }) => context.delegate !== undefined,
    isTooDeep: ({ context }) => (context.delegate?.depth ?? 0) > maxNestingDepth,
    isApproved: (_, output: WaitOutput) => answerIn(output).approved === true,
    isUncertain: (_, { error }: { error: unknown }) => failureOf(error).kind === 'uncertain',
    happened: (_, output: WaitOutput) => answerIn(output).happened === true,
    didNotHappen: ({ context }, output: WaitOutput) =>
      answerIn(output).happened === false && context.attempts < maxAttempts,
    wasDone: (_, found: WriteReconciliation) => found.done === true,
    wasNotDone: ({ context }, found: WriteReconciliation) => found.done === false && context.attempts < maxAttempts,
  },
  actions: {
    countAttempt: assign({ attempts: ({ context }) => context.attempts + 1 }),
    /** A later attempt fails under a key of its own, which is not the one the tool was given. */
    keepKey: assign(({ context }, { error }: { error: unknown }) => {
      const { key } = propertiesOf(failureOf(error).data);
      return context.key === undefined && typeof key === 'string' ? { key } : {};
    }),
    keepAnswer: assign((_, { content, artifacts }: ToolAnswer) => ({
      outcome: { ok: true as const, content, ...(artifacts === undefined ? {} : { artifacts }) },
    })),
    keepFailure: assign((_, { error }: { error: unknown }) => ({ outcome: failed(failureOf(error)) })),
    keepDelegated: assign(({ context }, output: AgentOutput | RunOutput) => ({
      outcome: delegated(context, output),
    })),
    noteTooDeep: assign(({ context }) => ({ outcome: failed(tooDeepFailure(context.delegate?.depth ?? 0)) })),
    /** Passes the command on, as an event that the delegate takes. */
    passOn: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'call.pause' && event.type !== 'call.resume' && event.type !== 'call.cancel') return;
      const who = context.delegate?.who ?? defaultMember;
      const reason = event.type === 'call.cancel' ? event.reason : '';
      enqueue.sendTo<AnyActorRef>('delegate', memberCommandEvent(who, commands[event.type], undefined, reason));
    }),
    /** Passes a request for a larger lease to the agent that lends, and its answer to the delegate. */
    carryLoan: enqueueActions(({ event, enqueue }) => {
      if (event.type === 'treasury.lease') enqueue.sendTo(parent, event);
      if (event.type === 'treasury.granted' || event.type === 'treasury.refused')
        enqueue.sendTo<AnyActorRef>('delegate', event);
    }),
    keepDenial: assign((_, output: WaitOutput) => ({ outcome: failed(denialOf(output)) })),
    keepTestimony: assign((_, output: WaitOutput) => ({
      outcome: {
        ok: true as const,
        content: `A person confirmed that it happened. ${noteIn(output)}`.trim(),
      },
    })),
    keepInterruption: assign({ outcome: failed(interrupted) }),
    keepDoubt: assign(({ context }) => ({
      outcome: failed(
        makeFailure(
          'uncertain',
          `"${context.call.name}" may or may not have happened, and nobody could tell. Do not repeat it.`,
        ),
      ),
    })),
  },
});

/** What a call takes beside its commands if its delegate may ask for a larger lease. */
const loanTransitions = {
  'treasury.lease': { actions: 'carryLoan' },
  'treasury.granted': { actions: 'carryLoan' },
  'treasury.refused': { actions: 'carryLoan' },
} as const;

const toolCallChart = (loans: Partial<typeof loanTransitions>) =>
  toolCallSetup.createMachine({
    id: 'toolCall',
    options: { maxIterations: 1000 },
    context: ({ input }) => ({
      ...input,
      attempts: 0,
      outcome: failed(makeFailure('cancelled', 'The call was stopped before it ended.')),
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
          ...loans,
        },
        invoke: {
          src: 'delegate',
          id: 'delegate',
          input: ({ context }) => delegateInput(context),
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
            subject: { tool: call.name, input: asZodJson(call.input), hash: call.hash },
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
          input: ({ context }) => requestOf(context),
          onDone: { target: 'answered', actions: { type: 'keepAnswer', params: ({ event }) => event.output } },
          onError: [
            {
              guard: { type: 'isUncertain', params: ({ event }) => ({ error: event.error }) },
              target: 'reconciling',
              actions: { type: 'keepKey', params: ({ event }) => ({ error: event.error }) },
            },
            { target: 'answered', actions: { type: 'keepFailure', params: ({ event }) => ({ error: event.error }) } },
          ],
        },
      },
      reconciling: {
        invoke: {
          src: 'reconcile',
          id: 'reconcile',
          input: ({ context }) => requestOf(context),
          onDone: [
            {
              guard: { type: 'wasDone', params: ({ event }) => event.output },
              target: 'answered',
              actions: { type: 'keepAnswer', params: ({ event }) => answerOf(event.output) },
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
            subject: { tool: call.name, input: asZodJson(call.input), hash: call.hash },
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

/** One guarded call of a tool. Outputs a `ToolOutcome`; fill `runTool` and `reconcile`. */
export const toolCallMachine = toolCallChart({});

/** One call of an agent or a team, which may ask the caller for a larger share of its budget. Fill `delegate`. */
export const delegatedCallMachine: typeof toolCallMachine = toolCallChart(loanTransitions);

function delegateInput({ call, delegate }: ToolCallContext): SingleWorkInput | RunInput {
  if (!delegate) throw new Error(`"${call.name}" was handed to a delegate, and has none.`);
  return memberInput(delegate.who, delegate);
}

const requestOf = ({ call, key }: ToolCallContext): ToolRequest => ({ ...call, ...(key === undefined ? {} : { key }) });

/** What a write that has happened returned. */
const answerOf = (found: WriteReconciliation): ToolAnswer => (found.done === true ? found : { content: '' });

/** The outcome of a delegate's work. If it failed, the kind is `tool` whatever the reason was: the caller's model is shown it and goes on. */
function delegated({ call, delegate }: ToolCallContext, output: AgentOutput | RunOutput): ToolOutcome {
  const { answer, failure: reason, usage } = memberEndOf({ type: 'done', output }, delegate?.who);
  if (answer) {
    const { body, parts = [] } = answer;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    // Named in words as well, so that the model can hand them on by their ids.
    const words = parts.filter(({ artifact }) => !text.includes(artifact)).map(madeInWords);
    return { ok: true, content: [text, ...words].join('\n'), usage, ...partsIn(parts) };
  }
  const kind = reason?.kind ?? 'internal';
  const why = makeFailure('tool', `"${call.name}" could not do it: ${reason?.message ?? 'no reason given'}`, {
    tool: call.name,
    failed: kind,
  });
  return { ...failed(why), usage };
}

/** The data says how the ticket ended, so that a no is told apart from silence, and from a tool that denies. */
function denialOf(output: WaitOutput): Failure {
  const data = { ticket: output.status };
  if (output.status === 'aborted') return { ...unansweredFailure(output), data };
  const note = noteIn(output);
  const who = output.status === 'answered' ? output.by : 'the deadline';
  return makeFailure('denied', `Denied by ${who}${note ? `: ${note}` : '.'}`, data);
}
