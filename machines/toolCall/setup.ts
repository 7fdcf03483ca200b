/** The setup of a tool call: its guards and actions by their names. */
import { assign, enqueueActions, setup, type AnyActorRef } from 'xstate';
import type { AgentOutput } from '../../src/contracts/agent.ts';
import type { FlowEnd, FlowStart } from '../../src/contracts/flow/flow.ts';
import type { RunInput, RunOutput } from '../../src/contracts/run.ts';
import type { WaitOutput } from '../../src/contracts/wait.ts';
import { propertiesOf } from '../../src/values/properties.ts';
import type { ToolAnswer, ToolOutcome, ToolRequest } from '../agent/effectTypes.ts';
import { makeFailure, failureOf } from '../failure.ts';
import { maxNestingDepth, defaultMember, tooDeepFailure, memberCommandEvent, type SingleWorkInput } from '../member.ts';
import { parent } from '../parent.ts';
import { slot } from '../slot.ts';
import { waitMachine } from '../wait.ts';
import type { ToolCallContext, ToolCallEvent, ToolCallInput, WriteReconciliation } from './context.ts';
import { answerIn, delegated, denialOf, failedOutcome, interrupted, noteIn } from './outcomes.ts';

/** After so many attempts that were confirmed not to have happened, there is no further one. */
const maxAttempts = 3;

const commands = { 'call.pause': 'pause', 'call.resume': 'resume', 'call.cancel': 'cancel' } as const;

export const toolCallSetup = setup({
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
    delegate: slot<AgentOutput | RunOutput | FlowEnd, SingleWorkInput | RunInput | FlowStart>('delegate'),
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
    keepFailure: assign((_, { error }: { error: unknown }) => ({ outcome: failedOutcome(failureOf(error)) })),
    keepDelegated: assign(({ context }, output: AgentOutput | RunOutput | FlowEnd) => ({
      outcome: delegated(context, output),
    })),
    noteTooDeep: assign(({ context }) => ({ outcome: failedOutcome(tooDeepFailure(context.delegate?.depth ?? 0)) })),
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
    keepDenial: assign((_, output: WaitOutput) => ({ outcome: failedOutcome(denialOf(output)) })),
    keepTestimony: assign((_, output: WaitOutput) => ({
      outcome: {
        ok: true as const,
        content: `A person confirmed that it happened. ${noteIn(output)}`.trim(),
      },
    })),
    keepInterruption: assign({ outcome: failedOutcome(interrupted) }),
    keepDoubt: assign(({ context }) => ({
      outcome: failedOutcome(
        makeFailure(
          'uncertain',
          `"${context.call.name}" may or may not have happened, and nobody could tell. Do not repeat it.`,
        ),
      ),
    })),
  },
});
