/** The actions of one turn: the model's answer is written down, its calls are started, and every call gets a result. */
import type { AnyActorRef } from 'xstate';
import { spawnNamed } from '../spawnByName.ts';
import { delegateSource } from '../member.ts';
import { inTime, momentOf } from '../eventContext.ts';
import { placeOf } from '../slotIndex.ts';
import { base, agentActions, toResults, toTrajectory, toTranscript } from './setupBase.ts';
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
  said,
  unmade,
} from './calls.ts';
import type { AgentContext } from './context.ts';
import * as deeds from './updates.ts';
import { isOutcome, outcomeIn, readingIn, type AgentEvent } from './events.ts';
import { mend, note } from './prompts.ts';

const { assign, enqueueActions } = base;

/** Tells every call that is another agent's or team's work. */
const tellDelegates = (type: 'call.pause' | 'call.resume') =>
  enqueueActions(({ context, enqueue }) => {
    for (const id of delegatedCalls(context)) enqueue.sendTo<AnyActorRef>(id, { type });
  });

export const turnActions = agentActions({
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
      const { name, input, hash, effect, idempotent, belt } = call;
      const id = callId(index);
      const request = { id: call.id, name, input, hash, effect, idempotent, belt };
      if (call.how === 'run') return enqueue.spawnChild('runTool', { id, input: request });
      const { ask, delegate } = call;
      const patience = inTime(call.patience, momentOf(event));
      if (delegate === undefined)
        return enqueue.spawnChild('toolCall', { id, input: { call: request, ask, patience } });
      // The machine of the delegate is provided under the name of the tool.
      const work = { ...delegate, depth: context.depth + 1 };
      spawnNamed(enqueue, delegateSource(name), id, { call: request, ask, patience, delegate: work });
    });
  }),
  recordOutcome: enqueueActions(({ context, event, enqueue }) => {
    const index = placeOf(event.type);
    for (const append of toResults(ended(context.calls, index, outcomeIn(event)))) enqueue(append);
    enqueue.assign(deeds.recordOutcome);
    enqueue.stopChild(callId(index));
  }),
  pauseCalls: tellDelegates('call.pause'),
  resumeCalls: tellDelegates('call.resume'),
  /** The calls of this turn are not made; the result of each says why. */
  answerCalls: enqueueActions(({ context, enqueue }) => {
    for (const append of toResults(closed(context.calls, notMade(context.failure)))) enqueue(append);
    enqueue.assign({ calls: [] });
  }),
  /**
   * The turn is left: what runs is stopped, and every call gets a result, the one whose end led out of the turn included.
   * Delegates are told to stop. The agent waits for them before it ends, because it must pay for what they have used.
   */
  closeCalls: enqueueActions(({ context, event, enqueue }) => {
    const last = lastOutcome(context, event);
    const calls = last.calls ?? context.calls;
    const reason = event.type === 'agent.cancel' ? event.reason : 'whoever it works for has ended';
    context.calls.forEach(({ answered, delegated }, index) => {
      if (answered) return;
      if (delegated && !calls[index]?.answered)
        enqueue.sendTo<AnyActorRef>(callId(index), { type: 'call.cancel', reason });
      else enqueue.stopChild(callId(index));
    });
    const results = [
      ...(isOutcome(event) ? ended(context.calls, placeOf(event.type), outcomeIn(event)) : []),
      ...closed(calls, closingWords(event, context.failure)),
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
    // If there are calls, their results say what is wrong.
    if (means.kind === 'unusable' && calls.length === 0) enqueue(toTranscript(note(mend(means.problem))));
    enqueue.assign({ requeries: context.requeries + 1 });
  }),
});

const lastOutcome = (context: AgentContext, event: AgentEvent): Partial<AgentContext> =>
  isOutcome(event) ? deeds.recordOutcome({ context, event }) : {};
