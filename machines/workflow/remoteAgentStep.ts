/**
 * An agent step that a runtime in another process does: it is given the work, and sends back what came of it.
 *
 * RA1 The work is given under a key of its own; what comes back for an earlier dispatch changes nothing.
 * RA2 A runtime that is silent is not waited for beyond its heartbeats. Work without tools is given away again, twice at most; other work may have changed something
 *    outside, and has failed.
 * RA3 A call that a person must agree to is a ticket here; the runtime goes on when it is decided.
 * RA4 A retry of the run gives the work away anew, from its beginning, and people are asked again.
 */
import { assign, setup } from 'xstate';
import type { StoredAgentTask } from '../../src/contracts/workflow/agentTask.ts';
import type { ApprovalNotice } from '../../src/contracts/workflow/approval.ts';
import type { ApprovalRule } from '../../src/contracts/workflow/agentFile.ts';
import { noMetrics } from '../../src/contracts/workflow/metrics.ts';
import type { StepEnd, StepMetrics } from '../../src/contracts/workflow/step.ts';
import type { WaitOutput } from '../../src/contracts/wait.ts';
import { eventContextOf } from '../../src/contracts/eventContext.ts';
import { asJson, type Json } from '../../src/values/json.ts';
import { propertiesOf } from '../../src/values/properties.ts';
import { childFailure, childOutput } from '../childEvents.ts';
import { makeFailure } from '../failure.ts';
import { asZodJson } from '../json.ts';
import { withinDeadline } from '../lifecycle.ts';
import { parent } from '../parent.ts';
import { engineActions, slot } from '../slot.ts';
import { waitMachine } from '../wait.ts';
import { addMetrics, failedStep } from './stepEnds.ts';

/** A call of a tool that waits for a person. */
export interface RemoteApproval extends ApprovalRule {
  readonly tool: string;
  /** The id of the call. */
  readonly id: string;
  readonly input: Json;
}

/** The input of `dispatch`: the number of the dispatch, from 1, and how a call was decided about that the runtime waits with. */
export interface RemoteDispatch {
  readonly dispatch: number;
  /** US dollars that were spent by the dispatches before. */
  readonly spentUsd: number;
  readonly decided?: { readonly call: string; readonly approved: boolean; readonly note: string };
}

/** The output of `answer`: what a runtime sent back, without secrets, and judged; or that it was silent. */
export type RemoteAnswer =
  | { readonly is: 'ended'; readonly end: StepEnd }
  | {
      readonly is: 'pending';
      readonly approval: RemoteApproval;
      /** What was used since the last dispatch. */
      readonly metrics: StepMetrics;
      /** The conversation, as the runtime wants it back. */
      readonly messages: Json;
    }
  | { readonly is: 'silent' };

/** The context of an agent step in a runtime of another process. */
export interface RemoteAgentStepContext {
  /** The task, until it is in its list. */
  readonly task: StoredAgentTask | undefined;
  /** The id of the step in its workflow, with `.N` for an item. */
  readonly step: string;
  /** How often the work was given to a runtime. */
  readonly dispatches: number;
  /** How often it may still be given away again when its runtime is silent. */
  readonly repeats: number;
  /** A runtime was silent. */
  readonly silent?: true;
  /** The call that a person is asked about, or was asked about last. */
  readonly approval?: RemoteApproval;
  readonly decided?: RemoteDispatch['decided'];
  /** What was used before the latest dispatch. */
  readonly metrics: StepMetrics;
  readonly end?: StepEnd;
}

const approvalSchema = {
  type: 'object',
  properties: { approved: { type: 'boolean' }, note: { type: 'string' } },
  required: ['approved'],
  additionalProperties: false,
};

/** Without a limit of its own a ticket stays open for a year. Milliseconds. */
const noLimit = 365 * 24 * 60 * 60_000;

const silent = makeFailure(
  'transient',
  'heartbeat_timeout: the runtime that worked on the step has not been heard of for 15 seconds.',
);

/** So often work that changes nothing outside is given away again. */
const mostRepeats = 2;

const answerIn = (event: object) => childOutput<RemoteAnswer>(event as { type: string });
const waitedIn = (event: object) => childOutput<WaitOutput>(event as { type: string });
const approvedIn = (output: WaitOutput): boolean =>
  output.status !== 'aborted' && propertiesOf(output.answer).approved === true;
const noteIn = (output: WaitOutput): string => {
  const note = output.status === 'aborted' ? output.reason : propertiesOf(output.answer).note;
  return typeof note === 'string' ? note : '';
};

const remoteSetup = setup({
  types: {} as {
    context: RemoteAgentStepContext;
    input: StoredAgentTask;
    events: { type: 'agent.cancel'; reason: string } | { type: 'agent.pause' | 'agent.resume' };
    output: StepEnd;
    tags: 'thinking' | 'waiting';
  },
  actors: {
    dispatch: slot<null, RemoteDispatch>('dispatch'),
    answer: slot<RemoteAnswer, { readonly dispatch: number }>('answer'),
    wait: waitMachine,
  },
  guards: {
    isPending: ({ event }) => answerIn(event).is === 'pending',
    mayRepeat: ({ context, event }) => answerIn(event).is === 'silent' && context.repeats > 0,
    isApproved: ({ event }) => approvedIn(waitedIn(event)),
    isSilenceFatal: ({ context, event }) =>
      waitedIn(event).status === 'expired' && context.approval?.timeoutBehavior === 'fail',
    isRejectionFatal: ({ context }) => context.approval?.onReject !== 'recover',
  },
  actions: {
    ...engineActions,
    countDispatch: assign({ dispatches: ({ context }) => context.dispatches + 1 }),
    keepEnd: assign(({ context, event }) => {
      const answer = answerIn(event);
      const end = answer.is === 'ended' ? answer.end : failedStep(silent, 'heartbeat_timeout');
      return { end: { ...end, metrics: addMetrics(context.metrics, end.metrics) } };
    }),
    countRepeat: assign({ repeats: ({ context }) => context.repeats - 1, silent: true as const }),
    keepDecision: assign(({ context, event }) => {
      const output = waitedIn(event);
      const { id = '' } = context.approval ?? {};
      return { decided: { call: id, approved: approvedIn(output), note: noteIn(output) } };
    }),
    failDispatch: assign(({ context, event }) => ({
      end: context.silent
        ? failedStep(silent, 'heartbeat_timeout', context.metrics)
        : failedStep(childFailure(event as { type: string }), 'dispatch_failed', context.metrics),
    })),
    failAnswer: assign(({ context, event }) => {
      const failure = childFailure(event as { type: string });
      return { end: failedStep(failure, failure.kind, context.metrics) };
    }),
    failCancelled: assign(({ context, event }) => ({
      end: failedStep(
        makeFailure('cancelled', event.type === 'agent.cancel' ? event.reason : ''),
        'cancelled',
        context.metrics,
      ),
    })),
    failSilence: assign(({ context }) => ({
      end: failedStep(
        makeFailure(
          'expired',
          `Approval timed out: nobody decided in time whether "${context.approval?.tool ?? ''}" may be called.`,
        ),
        'approval_timed_out',
        context.metrics,
      ),
    })),
    failRejected: assign(({ context, event }) => ({
      end: failedStep(
        makeFailure(
          'denied',
          `The call of tool "${context.approval?.tool ?? ''}" was rejected. ${noteIn(waitedIn(event))}`.trim(),
        ),
        'approval_rejected',
        context.metrics,
      ),
    })),
  },
});

const fullSetup = remoteSetup.extend({
  actions: {
    keepTask: remoteSetup.enqueueActions(({ context: { task }, enqueue }) => {
      if (task) enqueue({ type: 'append', params: { list: 'task', entry: asJson(task) } });
      enqueue.assign({ task: undefined });
    }),
    keepApproval: remoteSetup.enqueueActions(({ context, event, enqueue }) => {
      const answer = answerIn(event);
      if (answer.is !== 'pending') return;
      enqueue({ type: 'append', params: { list: 'messages', entry: asJson({ messages: answer.messages }) } });
      const { tool: tool_name, id: tool_use_id, input } = answer.approval;
      const notice: ApprovalNotice = {
        type: 'step.approval',
        step: context.step,
        tool_name,
        tool_use_id,
        arguments: asZodJson(input),
      };
      enqueue.sendTo(parent, notice);
      enqueue.assign({ approval: answer.approval, metrics: addMetrics(context.metrics, answer.metrics) });
    }),
  },
});

/** The chart of an agent step in a runtime of another process. Fill `dispatch` and `answer`. */
export const remoteAgentStepMachine = fullSetup.createMachine({
  id: 'remoteAgentStep',
  options: { maxIterations: 1000 },
  context: ({ input }) => ({
    task: input,
    step: input.value.step,
    dispatches: 0,
    repeats: input.value.servers.length === 0 ? mostRepeats : 0,
    metrics: noMetrics,
  }),
  initial: 'preparing',
  on: {
    'agent.cancel': { target: '.ended', actions: 'failCancelled' },
    // The runtime works on. What follows the step is held by its workflow.
    'agent.pause': {},
    'agent.resume': {},
  },
  states: {
    preparing: { entry: 'keepTask', always: 'dispatching' },
    dispatching: {
      tags: 'thinking',
      entry: 'countDispatch',
      invoke: {
        src: 'dispatch',
        id: 'dispatch',
        input: ({ context: { dispatches, decided, metrics } }) => ({
          dispatch: dispatches,
          spentUsd: metrics.cost_usd,
          ...(decided ? { decided } : {}),
        }),
        onDone: 'working',
        onError: { target: 'ended', actions: 'failDispatch' },
      },
    },
    working: {
      tags: 'thinking',
      invoke: {
        src: 'answer',
        id: 'answer',
        input: ({ context: { dispatches } }) => ({ dispatch: dispatches }),
        onDone: [
          { guard: 'isPending', target: 'asking', actions: 'keepApproval' },
          { guard: 'mayRepeat', target: 'dispatching', actions: 'countRepeat' },
          { target: 'ended', actions: 'keepEnd' },
        ],
        onError: { target: 'ended', actions: 'failAnswer' },
      },
    },
    asking: {
      tags: 'waiting',
      invoke: {
        src: 'wait',
        id: 'approval',
        input: ({ context: { approval }, event }) => ({
          question: `May ${approval?.tool ?? ''} be called with these arguments?`,
          subject: { tool: approval?.tool ?? '', input: asZodJson(approval?.input ?? null), hash: approval?.id ?? '' },
          schema: approvalSchema,
          // A retry of the run gives the work away anew, and the call may be made a second time.
          attempt: eventContextOf(event).actor ?? '',
          // Nobody is waited for beyond the deadline of the run.
          deadline: withinDeadline(approval?.timeout ?? noLimit, eventContextOf(event)),
          onExpiry: { default: { approved: false, note: 'Nobody answered in time.' } },
        }),
        onDone: [
          { guard: 'isApproved', target: 'dispatching', actions: 'keepDecision' },
          { guard: 'isSilenceFatal', target: 'ended', actions: 'failSilence' },
          { guard: 'isRejectionFatal', target: 'ended', actions: 'failRejected' },
          { target: 'dispatching', actions: 'keepDecision' },
        ],
        onError: { target: 'ended', actions: 'failAnswer' },
      },
    },
    ended: { type: 'final' },
  },
  output: ({ context: { end, metrics } }) =>
    end ?? failedStep(makeFailure('internal', 'The agent step was stopped before it ended.'), 'failed', metrics),
});
