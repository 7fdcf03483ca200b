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
import type { FlowStart } from '../../src/contracts/flow/flow.ts';
import type { RunInput } from '../../src/contracts/run.ts';
import type { ToolRequest } from '../agent/effectTypes.ts';
import { makeFailure } from '../failure.ts';
import { asZodJson } from '../json.ts';
import { memberInput, type SingleWorkInput } from '../member.ts';
import type { ToolCallContext } from './context.ts';
import { answerOf, failedOutcome } from './outcomes.ts';
import { approvalQuestion, happenedQuestion } from './questions.ts';
import { toolCallSetup } from './setup.ts';

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
      outcome: failedOutcome(makeFailure('cancelled', 'The call was stopped before it ended.')),
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
          input: ({ context }) => approvalQuestion(context),
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
          input: ({ context }) => happenedQuestion(context),
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

function delegateInput({ call, delegate }: ToolCallContext): SingleWorkInput | RunInput | FlowStart {
  if (!delegate) throw new Error(`"${call.name}" was handed to a delegate, and has none.`);
  const { who, body, depth } = delegate;
  return who.kind === 'flow' ? { input: asZodJson(body), depth } : memberInput(who, delegate);
}

const requestOf = ({ call, key }: ToolCallContext): ToolRequest => ({ ...call, ...(key === undefined ? {} : { key }) });
