/** The actions of one turn: the model's answer is written down, its calls are started, and every call gets a result. */
import type { AnyActorRef } from 'xstate';
import { spawnByName } from '../spawnByName.ts';
import { delegateActorName } from '../member.ts';
import { eventContextOf } from '../../src/contracts/eventContext.ts';
import { partsIn } from '../../src/contracts/parts.ts';
import { withinDeadline } from '../lifecycle.ts';
import { slotIndexOf } from '../slotIndex.ts';
import {
  agentSetupBase,
  agentActions,
  appendArtifacts,
  appendResults,
  appendToTrajectory,
  appendToTranscript,
} from './setupBase.ts';
import {
  callChildId,
  resultsForUnanswered,
  closingReason,
  runningDelegates,
  resultOfEndedCall,
  isExecutable,
  stoppingDelegates,
  stoppingOnly,
  notMadeReason,
  assistantMessage,
  resultsOfUnmadeCalls,
} from './calls.ts';
import type { AgentContext } from './context.ts';
import { closeLoans, loanOf } from './lending.ts';
import * as updates from './updates.ts';
import type { ToolOutcome } from './effectTypes.ts';
import { isCallEnd, toolOutcomeIn, parsedAnswerIn, type AgentEvent } from './events.ts';
import { partsToHandOn } from './artifacts.ts';
import { correctionPrompt, userMessage } from './prompts.ts';

const { assign, enqueueActions } = agentSetupBase;

/** Tells every call that is another agent's or team's work. */
const tellDelegates = (type: 'call.pause' | 'call.resume') =>
  enqueueActions(({ context, enqueue }) => {
    for (const id of runningDelegates(context)) enqueue.sendTo<AnyActorRef>(id, { type });
  });

/** The actions of one turn, by the names that the chart uses. */
export const turnActions = agentActions({
  takeAnswer: enqueueActions(({ context, event, enqueue }) => {
    const parsed = parsedAnswerIn(event);
    const { text, calls, usage, model, means, failed, artifacts } = parsed;
    for (const append of appendArtifacts(artifacts)) enqueue(append);
    if (text !== '' || calls.length > 0) enqueue(appendToTranscript(assistantMessage(parsed)));
    for (const append of appendResults(resultsOfUnmadeCalls(calls))) enqueue(append);
    enqueue(
      appendToTrajectory({
        step: context.used.steps + (failed?.answers ?? 0) + 1,
        tier: context.tools.tier,
        model,
        means: means.kind,
        calls: calls.map(({ name, how }) => [name, how]),
        tokens: usage.inputTokens + usage.outputTokens,
      }),
    );
    enqueue.assign(updates.recordAnswer);
    if (context.heard !== undefined && context.heard.length > 0) enqueue.assign({ heard: [] });
  }),
  startCalls: enqueueActions(({ context, event, enqueue }) => {
    enqueue.assign(updates.countCalls);
    parsedAnswerIn(event).calls.forEach((call, index) => {
      if (!isExecutable(call)) return;
      const { name, input, hash, effect, idempotent, belt } = call;
      const id = callChildId(index);
      const request = { id: call.id, name, input, hash, effect, idempotent, belt };
      if (call.how === 'run') return enqueue.spawnChild('runTool', { id, input: request });
      const { ask, delegate } = call;
      const patience = withinDeadline(call.patience, eventContextOf(event));
      if (delegate === undefined)
        return enqueue.spawnChild('toolCall', { id, input: { call: request, ask, patience } });
      // The machine of the delegate is provided under the name of the tool.
      const parts = partsIn(partsToHandOn(context.media, delegate.body));
      const work = { ...delegate, ...parts, ...loanOf(context, index), depth: context.depth + 1 };
      spawnByName(enqueue, delegateActorName(name), id, { call: request, ask, patience, delegate: work });
    });
  }),
  recordOutcome: enqueueActions(({ context, event, enqueue }) => {
    const index = slotIndexOf(event.type);
    const outcome = toolOutcomeIn(event);
    for (const append of appendArtifacts(artifactsOf(outcome))) enqueue(append);
    for (const append of appendResults(resultOfEndedCall(context.calls, index, outcome))) enqueue(append);
    enqueue.assign(updates.recordOutcome);
    enqueue.stopChild(callChildId(index));
  }),
  pauseCalls: tellDelegates('call.pause'),
  resumeCalls: tellDelegates('call.resume'),
  /** The calls of this turn are not made; the result of each says why. */
  answerCalls: enqueueActions(({ context, enqueue }) => {
    for (const append of appendResults(resultsForUnanswered(context.calls, notMadeReason(context.failure))))
      enqueue(append);
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
        enqueue.sendTo<AnyActorRef>(callChildId(index), { type: 'call.cancel', reason });
      else enqueue.stopChild(callChildId(index));
    });
    const results = [
      ...(isCallEnd(event) ? resultOfEndedCall(context.calls, slotIndexOf(event.type), toolOutcomeIn(event)) : []),
      ...resultsForUnanswered(calls, closingReason(event, context.failure)),
    ];
    if (isCallEnd(event)) for (const append of appendArtifacts(artifactsOf(toolOutcomeIn(event)))) enqueue(append);
    for (const append of appendResults(results)) enqueue(append);
    enqueue.assign({ ...last, calls: stoppingOnly(calls), purse: closeLoans(context, event) });
  }),
  chargeLeaving: enqueueActions(({ event, enqueue }) => {
    enqueue.stopChild(callChildId(slotIndexOf(event.type)));
    enqueue.assign(updates.chargeStoppedDelegate);
  }),
  abandonLeaving: enqueueActions(({ context, enqueue }) => {
    for (const id of stoppingDelegates(context)) enqueue.stopChild(id);
    enqueue.assign({ calls: [] });
  }),
  keepAnswer: assign(({ context, event }) => {
    const { means } = parsedAnswerIn(event);
    return { answer: means.kind === 'answer' ? means.answer : context.answer };
  }),
  requery: enqueueActions(({ context, event, enqueue }) => {
    const { means, calls } = parsedAnswerIn(event);
    // If there are calls, their results say what is wrong.
    if (means.kind === 'unusable' && calls.length === 0)
      enqueue(appendToTranscript(userMessage(correctionPrompt(means.problem))));
    enqueue.assign({ requeries: context.requeries + 1 });
  }),
});

const artifactsOf = (outcome: ToolOutcome) => (outcome.ok ? outcome.artifacts : undefined);

const lastOutcome = (context: AgentContext, event: AgentEvent): Partial<AgentContext> =>
  isCallEnd(event) ? updates.recordOutcome({ context, event }) : {};
