/** The words an agent's phases are written in: its facts, events, effects, questions and deeds. */
import { assign, raise, sendTo, setup, stateIn } from 'xstate';
import type { AgentAnswer, AgentInput, AgentOutput, Phase } from '../../src/contracts/agent.ts';
import type { Json } from '../../src/contracts/json.ts';
import type { Message, ToolResult, ToolTier } from '../../src/contracts/model.ts';
import type { TreasuryAnswer } from '../../src/contracts/treasury.ts';
import type { WaitOutput } from '../../src/contracts/wait.ts';
import { placeOf } from '../place.ts';
import { inTime, momentOf } from '../moment.ts';
import { engineActions, slot } from '../slot.ts';
import { parent } from '../parent.ts';
import { toolCallMachine } from '../toolCall.ts';
import { delegateSource } from '../member.ts';
import {
  callId,
  closed,
  closingWords,
  delegatedCalls,
  ended,
  isMade,
  leaving,
  leavingOnly,
  notMade,
  resultOf,
  said,
  unmade,
} from './calls.ts';
import { grantIn, refusalOf } from '../treasury/ticket.ts';
import { waitMachine } from '../wait.ts';
import type { AgentContext } from './context.ts';
import * as deeds from './deeds.ts';
import { failureIn, isOutcome, outcomeIn, outputIn, readingIn, type AgentEvent } from './events.ts';
import * as failures from './failures.ts';
import { delaysOf, guardsOf } from './guards.ts';
import * as inputs from './inputs.ts';
import { defaultSettings } from './limits.ts';
import { priceless } from './money.ts';
import { actionsOf } from './actions.ts';
import { degraded, noteCalls, requestFor, takeGrant, takeLease, whyShort } from './purse.ts';
import type { Strategy } from './strategy.ts';
import type * as turn from './turn.ts';
import { analysisText, finishSoon, gapsOf, mend, note, planText, stoppedFor, taskText, tryAnother } from './words.ts';

const toTranscript = (message: Message) => ({
  type: 'append' as const,
  params: { list: 'transcript', entry: message as unknown as Json },
});
/** The results that came in one step, if any. Whoever reads the transcript sees all those of a turn together. */
const toResults = (results: readonly ToolResult[]) =>
  results.length > 0 ? [toTranscript({ role: 'tool', results: [...results] })] : [];
const toTrajectory = (entry: Json) => ({ type: 'append' as const, params: { list: 'trajectory', entry } });

const base = setup({
  types: {} as {
    context: AgentContext;
    input: AgentInput;
    events: AgentEvent;
    output: AgentOutput;
    tags: 'thinking' | 'acting' | 'paused' | 'recovering' | 'cleaning';
  },
  actors: {
    analyze: slot<turn.Analysis, turn.Thinking>('analyze'),
    discover: slot<turn.Discovered, { message: string; tier: ToolTier }>('discover'),
    plan: slot<turn.Planned, turn.Thinking>('plan'),
    callModel: slot<turn.Reading, turn.Thinking>('callModel'),
    runTool: slot<turn.ToolAnswer, turn.ToolRequest>('runTool'),
    toolCall: toolCallMachine,
    connectToolbelt: slot<null, turn.Belting>('connectToolbelt'),
    listToolbelt: slot<turn.Belt, turn.Belting>('listToolbelt'),
    dropToolbelt: slot<null, turn.Belting>('dropToolbelt'),
    verify: slot<turn.Verified, { message: string; answer: AgentAnswer; round: number }>('verify'),
    fallback: slot<turn.Fallback, turn.Recovering>('fallback'),
    wait: waitMachine,
    cleanUp: slot<null, { status: AgentOutput['status'] }>('cleanUp'),
  },
  delays: delaysOf(defaultSettings),
  guards: {
    ...guardsOf(defaultSettings),
    failedIn: ({ context }, { phase }: { phase: Phase }) => context.phase === phase,
    isPauseWanted: stateIn({ active: { control: 'pausing' } }),
  },
  actions: engineActions,
});
const { enqueueActions } = base;

export const agent = base.extend({
  actions: {
    ...actionsOf(defaultSettings),

    // The transcript.
    appendTask: enqueueActions(({ context, enqueue }) => {
      if (context.task) enqueue(toTranscript(note(taskText(context.task))));
      enqueue.assign({ task: undefined });
    }),
    appendAnalysis: enqueueActions(({ event, enqueue }) =>
      enqueue(toTranscript(note(analysisText(outputIn<turn.Analysis>(event))))),
    ),
    appendPlan: enqueueActions(({ event, enqueue }) => {
      const { steps } = outputIn<turn.Planned>(event);
      enqueue(toTranscript(note(planText(steps))));
      enqueue({ type: 'append', params: { list: 'plan', entry: steps as unknown as Json } });
    }),
    appendGaps: enqueueActions(({ event, enqueue }) =>
      enqueue(toTranscript(note(gapsOf(outputIn<turn.Verified>(event).evidence)))),
    ),
    deliverInput: enqueueActions(({ context, enqueue }) => {
      const { texts, later } = inputs.due(context);
      for (const text of texts) enqueue(toTranscript(note(text)));
      enqueue.assign({ inbox: later });
    }),

    // One turn.
    takeAnswer: enqueueActions(({ context, event, enqueue }) => {
      const reading = readingIn(event);
      const { text, calls, usage, model, means } = reading;
      if (text !== '' || calls.length > 0) enqueue(toTranscript(said(reading)));
      for (const append of toResults(unmade(calls))) enqueue(append);
      enqueue(
        toTrajectory({
          step: context.used.steps + 1,
          tier: context.tools.tier,
          model,
          means: means.kind,
          calls: calls.map(({ name, how }) => [name, how]),
          tokens: usage.inputTokens + usage.outputTokens,
        }),
      );
      enqueue.assign(deeds.takeAnswer);
    }),
    startCalls: enqueueActions(({ context, event, enqueue }) => {
      enqueue.assign(deeds.countCalls);
      readingIn(event).calls.forEach((call, index) => {
        if (!isMade(call)) return;
        const { id, name, input, hash, effect, idempotent, belt } = call;
        const request = { id, name, input, hash, effect, idempotent, belt };
        if (call.how === 'run') enqueue.spawnChild('runTool', { id: callId(index), input: request });
        if (call.how === 'guarded') {
          const { ask, patience, delegate } = call;
          const work = delegate ? { delegate: { ...delegate, depth: context.depth + 1 } } : {};
          // Whose work it is, is provided by the name of the tool; the chart need not know them.
          enqueue.spawnChild((delegate ? delegateSource(name) : 'toolCall') as 'toolCall', {
            id: callId(index),
            input: { call: request, ask, patience: inTime(patience, momentOf(event)), ...work },
          });
        }
      });
    }),
    recordOutcome: enqueueActions(({ context, event, enqueue }) => {
      const index = placeOf(event.type);
      for (const append of toResults(ended(context.calls, index, outcomeIn(event)))) enqueue(append);
      enqueue.assign(deeds.recordOutcome);
      enqueue.stopChild(callId(index));
    }),
    pauseCalls: enqueueActions(({ context, enqueue }) => {
      for (const id of delegatedCalls(context)) enqueue.sendTo(id as never, { type: 'call.pause' } as never);
    }),
    resumeCalls: enqueueActions(({ context, enqueue }) => {
      for (const id of delegatedCalls(context)) enqueue.sendTo(id as never, { type: 'call.resume' } as never);
    }),
    /** A turn whose calls are not made: each is told why. */
    answerCalls: enqueueActions(({ context, enqueue }) => {
      for (const append of toResults(closed(context.calls, notMade(context.failure)))) enqueue(append);
      enqueue.assign({ calls: [] });
    }),
    /**
     * The turn is left: what runs is stopped, and every call is answered; the answer that led out is one of them.
     * Whoever works for the agent is told to stop, and is waited for before it ends: what they used by then is to be paid for.
     */
    closeCalls: enqueueActions(({ context, event, enqueue }) => {
      const last = isOutcome(event) ? deeds.recordOutcome({ context, event }) : {};
      const calls = last.calls ?? context.calls;
      const why = closingWords(event, context.failure);
      const reason = event.type === 'agent.cancel' ? event.reason : 'whoever it works for has ended';
      context.calls.forEach(({ answered, delegated }, index) => {
        if (answered) return;
        if (delegated && !calls[index]!.answered)
          enqueue.sendTo(callId(index) as never, { type: 'call.cancel', reason } as never);
        else enqueue.stopChild(callId(index));
      });
      const results = [
        ...(isOutcome(event) ? ended(context.calls, placeOf(event.type), outcomeIn(event)) : []),
        ...closed(calls, why),
      ];
      for (const append of toResults(results)) enqueue(append);
      enqueue.assign({ ...last, calls: leavingOnly(calls) });
    }),
    chargeLeaving: enqueueActions(({ event, enqueue }) => {
      enqueue.stopChild(callId(placeOf(event.type)));
      enqueue.assign(deeds.chargeLeaving);
    }),
    abandonLeaving: enqueueActions(({ context, enqueue }) => {
      for (const id of leaving(context)) enqueue.stopChild(id);
      enqueue.assign({ calls: [] });
    }),
    keepAnswer: assign(({ context, event }) => {
      const { means } = readingIn(event);
      return { answer: means.kind === 'answer' ? means.answer : context.answer };
    }),
    requery: enqueueActions(({ context, event, enqueue }) => {
      const { means, calls } = readingIn(event);
      // With calls, their results say what is wrong.
      if (means.kind === 'unusable' && calls.length === 0) enqueue(toTranscript(note(mend(means.problem))));
      enqueue.assign({ requeries: context.requeries + 1 });
    }),
    countRequery: assign(({ context }) => ({ requeries: context.requeries + 1 })),
    pay: assign(deeds.pay),

    // Notes for the model.
    queueInput: assign(({ context, event }) => ({ inbox: [...context.inbox, ...inputs.noteOf(event)] })),
    replaceInput: enqueueActions(({ context, event, enqueue }) => {
      for (const older of inputs.said(context)) enqueue(inputs.buried(older, inputs.replaced));
      enqueue.assign(inputs.withReplaced(context, event));
    }),
    refuseInput: enqueueActions(({ context, event, enqueue }) => {
      const because = inputs.refusalOf(context)!;
      for (const refused of inputs.noteOf(event)) enqueue(inputs.buried(refused, because));
    }),
    buryInput: enqueueActions(({ context, enqueue }) => {
      for (const late of inputs.said(context)) enqueue(inputs.buried(late, inputs.unread));
      enqueue.assign({ inbox: [] });
    }),
    tellToFinish: assign(({ context }) => ({ inbox: [...context.inbox, { text: finishSoon, own: true as const }] })),
    /** The turn is stopped: what the model had said by then stays said. */
    keepPartial: enqueueActions(({ context, event, enqueue }) => {
      const text = inputs.partialIn(event);
      if (text !== '') enqueue(toTranscript({ role: 'assistant', text, calls: [] }));
      enqueue(toTrajectory(inputs.interruptedTurn(context)));
      enqueue.assign({
        ...inputs.chargeStopped(context),
        ...(text === '' ? {} : { answer: { type: 'text', body: text } }),
      });
    }),
    chargeStopped: assign(({ context }) => inputs.chargeStopped(context)),
    /** What can be stopped is; an actor of its own knows itself whether it can. */
    interruptCalls: enqueueActions(({ context, enqueue }) => {
      const calls = context.calls.map((call, index) => {
        if (call.answered) return call;
        if (call.guarded) {
          enqueue.sendTo(callId(index) as never, { type: 'call.interrupt' } as never);
          return call;
        }
        enqueue.stopChild(callId(index));
        for (const append of toResults([resultOf(call, { ok: false, content: stoppedFor })])) enqueue(append);
        return { ...call, answered: true as const };
      });
      enqueue.assign({ calls });
    }),

    // What went wrong.
    keepFailure: assign(({ event }, { phase }: { phase: Phase }) => deeds.keepFailure(failureIn(event), phase)),
    noteTimeout: assign((_, { phase }: { phase: Phase }) => deeds.keepFailure(failures.tookTooLong(phase), phase)),
    noteRefusal: assign(({ event }) => deeds.keepFailure(failures.refusal(readingIn(event)), 'execution')),
    notePriceless: assign(({ event }) => deeds.keepFailure(priceless(readingIn(event).model), 'execution')),
    noteUnusable: assign(({ event, context }) =>
      deeds.keepFailure(failures.unusable(readingIn(event), context.requeries + 1), 'execution'),
    ),
    noteBadPlan: assign(() => deeds.keepFailure(failures.badPlan, 'planning')),
    noteGap: assign(({ context: { tools } }, { phase }: { phase: Phase }) =>
      deeds.keepFailure(failures.gap(tools.missing), phase),
    ),
    noteToolFailures: assign(({ context }) =>
      deeds.keepFailure(failures.failingTools(context.toolFailures), 'execution'),
    ),
    noteLoop: assign(() => deeds.keepFailure(failures.loop, 'execution')),
    noteUnproven: assign(({ context: { evidence, rounds } }) =>
      deeds.keepFailure(failures.unproven(evidence, rounds), 'verification'),
    ),

    // Short of money.
    degrade: assign(({ context }) => degraded(context)),
    askForMore: sendTo(parent, ({ context }) => requestFor(context)),
    takeLease: assign(({ context, event }) => takeLease(context, event as TreasuryAnswer)),
    takeGrant: assign(({ context, event }) => takeGrant(context, grantIn(outputIn<WaitOutput>(event)) ?? {})),
    noteCalls: assign(({ context }) => noteCalls(context)),
    noteNoMore: assign(({ event }) =>
      event.type === 'treasury.refused' ? deeds.keepFailure(event.failure, 'execution') : {},
    ),
    noteNoGrant: assign(({ context, event }) =>
      deeds.keepFailure(refusalOf(outputIn<WaitOutput>(event), whyShort(context)), 'execution'),
    ),

    // Recovery.
    noteSetback: assign(deeds.noteSetback),
    countRecovery: assign(({ context }, { strategy }: { strategy: Strategy }) =>
      deeds.countRecovery(context, strategy),
    ),
    forgetFailure: assign(deeds.recovered),
    suggestAnother: enqueueActions(({ context, enqueue }) => {
      enqueue(toTranscript(note(tryAnother(context.failure?.message ?? ''))));
      enqueue.assign(deeds.recovered);
    }),

    // Tools.
    keepTools: assign(deeds.keepTools),
    raiseTier: assign(deeds.raiseTier),
    lowerTier: assign(deeds.lowerTier),
    keepTier: assign(deeds.keepTier),
    rememberTools: assign(deeds.rememberTools),
    keepBelt: assign(deeds.keepBelt),
    wearBelt: assign(deeds.wearBelt),
    keepEvidence: assign(deeds.keepEvidence),

    // The end.
    settleCompleted: assign(({ context }) => ({ outcome: context.outcome ?? { status: 'completed' as const } })),
    settleFailed: assign(deeds.settleFailed),
    settleCancelled: assign(({ context, event }) => ({
      outcome: context.outcome ?? {
        status: 'cancelled' as const,
        reason: event.type === 'agent.cancel' ? event.reason : '',
      },
    })),
    noteCleanupError: enqueueActions(({ event, enqueue }) =>
      enqueue(toTrajectory({ cleanup: failureIn(event) as unknown as Json })),
    ),

    // Between regions.
    sayHeld: raise({ type: 'agent.held' }),
    sayLate: raise({ type: 'budget.exhausted' }),
    sayExpired: raise({ type: 'budget.exhausted', expired: true }),
    saySettled: raise({ type: 'agent.settled' }),
  },
});

/** What the model's turn is to know. */
export const thinking = ({ context }: { context: AgentContext }): turn.Thinking => ({
  message: context.message,
  step: context.used.steps + 1,
  tier: context.tools.tier,
  fallbacks: context.tries.fallback,
  used: context.used,
  expected: context.latest.tokens,
  ...(context.allowance === undefined ? {} : { allowance: context.allowance }),
  ...(context.purse.extra === undefined ? {} : { extra: context.purse.extra }),
  ...(context.purse.cheaper === 0 ? {} : { cheaper: context.purse.cheaper }),
});
