/**
 * The pipeline of one piece of work through a guardrail: pre-check, the supervised machine, post-check, answer.
 *
 * GR1 Each piece of work is answered exactly once, however it ends.
 * GR2 A guardrail fails closed: when a check rejects, throws, does not answer in time or ends, the work is rejected.
 *    A check that nobody ran while its time passed is asked again.
 * GR3 The first decision to stop a piece of work is final.
 */
import type { AgentOutput } from '../../src/contracts/agent.ts';
import type { GuardrailStage, Work } from '../../src/contracts/work.ts';
import { totalTokens } from '../usage.ts';
import { makeFailure } from '../failure.ts';
import { failedOutput } from '../memberOutput.ts';
import { takeFromBucket } from './tokenBucket.ts';
import { forwardWork, endWorkChild, forwardCommand, supervisedFor } from './forward.ts';
import { checkChildId, workTimerId, type StopDecision, type WorkInProgress } from './context.ts';
import { updateContext, freeWorkSlot, workAt, slotsOf, putWork, type GuardrailDraft } from './draft.ts';
import { guardrailRefusal, refusalOfOutput, stoppedOutput, rejectedOutput } from './refusal.ts';
import { bucketKeyFor, rejectedAfter, rejectedBefore, timeLimitFor, type Rejection } from './rules.ts';

/** Admits work that this guardrail's own rule allows, and asks the pre-check. */
export function admitWork(draft: GuardrailDraft, work: Work): void {
  const { settings, at, context } = draft;
  const slotIndex = freeWorkSlot(draft);
  const { rule } = settings;
  const key = rule.kind === 'rateLimit' ? bucketKeyFor(rule, work) : undefined;
  if (rule.kind === 'rateLimit' && key !== undefined)
    updateContext(draft, { buckets: takeFromBucket(context.buckets, key, { tasks: 1 }, rule, at) });
  putWork(draft, slotIndex, {
    work,
    stage: 'pre',
    round: context.round,
    paused: false,
    ...(key === undefined ? {} : { key }),
  });
  askCheck(draft, slotIndex, 'pre');
}

/** Rejects work before it began: because of this guardrail's own rule, or because its breaker is open. */
export function rejectWork(draft: GuardrailDraft, work: Work, rejection: Rejection): void {
  answer(draft, work.id, rejectedOutput(guardrailRefusal(draft.settings.name, 'pre', rejection)));
}

/** Rejects work because of the rule, which the breaker counts as a failure; a rejection by the breaker itself is not counted. */
export function rejectByRule(draft: GuardrailDraft, work: Work): void {
  const { settings, context, at } = draft;
  const rejection = rejectedBefore(settings, context, work, at);
  if (!rejection) return;
  rejectWork(draft, work, rejection);
  reportToBreaker(draft, context.round, rejectedOutput(guardrailRefusal(settings.name, 'pre', rejection)));
}

/** Asks the user's check of this stage; if there is none, the work goes on. */
export function askCheck(draft: GuardrailDraft, slotIndex: number, stage: 'pre' | 'mid' | 'post', times = 1): void {
  const { settings, actions, at } = draft;
  const inProgress = workAt(draft, slotIndex);
  const { work, output } = inProgress;
  if (!settings.asks.includes(stage)) return goOnAfter(draft, slotIndex, stage);
  putWork(draft, slotIndex, { ...inProgress, asked: { at, times } });
  const input = { guardrail: settings.name, stage, work, ...(output === undefined ? {} : { output }) };
  actions.push(
    { do: 'check', id: checkChildId(slotIndex), input },
    {
      do: 'wait',
      id: workTimerId('patience', slotIndex),
      delay: settings.patience,
      event: { type: 'check.late', place: slotIndex },
    },
  );
}

/** The time of the check is over without an answer. A time in which no process ran it does not count against it. */
export function checkSilent(draft: GuardrailDraft, slotIndex: number, rejection: Rejection): void {
  const { stage, asked } = workAt(draft, slotIndex);
  const wasAway = asked !== undefined && draft.at - asked.at > draft.settings.patience + punctuality;
  if (!wasAway || asked.times >= mostAsked || stage === 'stopping') return checkRejected(draft, slotIndex, rejection);
  endCheck(draft, slotIndex);
  askCheck(draft, slotIndex, stage === 'task' ? 'mid' : stage, asked.times + 1);
}
/** A timer that fires so many milliseconds late shows that no process ran the work when it was due. */
const punctuality = 1_000;
/** A check that keeps its own process from going on must not be asked for ever. */
const mostAsked = 3;

/** The check of this stage passed. */
export function checkPassed(draft: GuardrailDraft, slotIndex: number): void {
  const { stage } = workAt(draft, slotIndex);
  endCheck(draft, slotIndex);
  if (stage === 'task') return watchLater(draft, slotIndex);
  if (stage !== 'stopping') goOnAfter(draft, slotIndex, stage);
}

function goOnAfter(draft: GuardrailDraft, slotIndex: number, stage: 'pre' | 'mid' | 'post'): void {
  const inProgress = workAt(draft, slotIndex);
  if (stage === 'post') return inProgress.output && finish(draft, slotIndex, inProgress.output);
  if (stage === 'mid') return startWork(draft, slotIndex);
  putWork(draft, slotIndex, { ...inProgress, stage: 'mid' });
  askCheck(draft, slotIndex, 'mid');
}

/** Forwards the work: to the guardrail below, or to the supervised machine. */
function startWork(draft: GuardrailDraft, slotIndex: number): void {
  const { settings, actions, at } = draft;
  const inProgress = workAt(draft, slotIndex);
  const { work } = inProgress;
  putWork(draft, slotIndex, { ...inProgress, stage: 'task' });
  forwardWork(draft, slotIndex);
  if (inProgress.paused) forwardCommand(draft, slotIndex, 'pause');
  const time = timeLimitFor(settings, work, at);
  if (time !== undefined)
    actions.push({
      do: 'wait',
      id: workTimerId('late', slotIndex),
      delay: time,
      event: { type: 'work.late', place: slotIndex },
    });
  watchLater(draft, slotIndex);
}

function watchLater({ settings: { asks, every }, actions }: GuardrailDraft, slotIndex: number): void {
  if (asks.includes('mid') && every !== undefined)
    actions.push({
      do: 'wait',
      id: workTimerId('watch', slotIndex),
      delay: every,
      event: { type: 'watch.due', place: slotIndex },
    });
}

/** The supervised machine, or the guardrail below, has ended. */
export function takeWorkEnd(draft: GuardrailDraft, slotIndex: number, end: AgentOutput): void {
  const { settings } = draft;
  const inProgress = workAt(draft, slotIndex);
  clearTimersAndCheck(draft, slotIndex);
  endWorkChild(draft, slotIndex);
  chargeBucket(draft, inProgress, end);
  if (inProgress.ending) return finish(draft, slotIndex, stoppedOutput(inProgress.ending, end));
  const rejection = rejectedAfter(settings, end);
  if (rejection) {
    const stage = end.status === 'completed' ? 'post' : 'mid';
    return finish(draft, slotIndex, rejectedOutput(guardrailRefusal(settings.name, stage, rejection), end));
  }
  if (end.status !== 'completed') return finish(draft, slotIndex, end);
  putWork(draft, slotIndex, { ...inProgress, stage: 'post', output: end });
  askCheck(draft, slotIndex, 'post');
}

/** Takes the tokens, which are known only now, from the bucket. Work that was rejected further on was not done: its task is put back. */
function chargeBucket(draft: GuardrailDraft, { key }: WorkInProgress, end: AgentOutput): void {
  const { rule } = draft.settings;
  if (rule.kind !== 'rateLimit' || key === undefined) return;
  const refused = refusalOfOutput(end);
  const wasBegun = !refused || (refused.stage !== undefined && refused.stage !== 'pre');
  const tasks = wasBegun ? 0 : -1;
  const buckets = takeFromBucket(draft.context.buckets, key, { tasks, tokens: totalTokens(end.usage) }, rule, draft.at);
  updateContext(draft, { buckets });
}

/** The check of this stage rejected the work (GR2). */
export function checkRejected(draft: GuardrailDraft, slotIndex: number, rejection: Rejection): void {
  const { stage } = workAt(draft, slotIndex);
  stopWork(draft, slotIndex, {
    how: 'refused',
    failure: guardrailRefusal(draft.settings.name, stage === 'pre' || stage === 'post' ? stage : 'mid', rejection),
  });
}

/** Stops the work: at once while it is checked; while it is under way it is told to stop, and has a grace period. */
export function stopWork(draft: GuardrailDraft, slotIndex: number, ending: StopDecision): void {
  const inProgress = workAt(draft, slotIndex);
  if (inProgress.stage === 'stopping') return; // GR3
  clearTimersAndCheck(draft, slotIndex);
  if (inProgress.stage !== 'task')
    return finish(draft, slotIndex, stoppedOutput(ending, outputOfCancelled(inProgress, ending)));
  putWork(draft, slotIndex, { ...inProgress, stage: 'stopping', ending });
  forwardCommand(draft, slotIndex, 'cancel', ending.how === 'refused' ? ending.failure.message : ending.reason);
  const { grace } = draft.settings;
  draft.actions.push({
    do: 'wait',
    id: workTimerId('grace', slotIndex),
    delay: grace,
    event: { type: 'grace.over', place: slotIndex },
  });
}

/** The output of work that was cancelled while its result was checked: an answer that no check has passed is partial. */
const outputOfCancelled = ({ output }: WorkInProgress, ending: StopDecision): AgentOutput | undefined =>
  ending.how === 'cancelled' && output?.status === 'completed'
    ? { status: 'cancelled', reason: ending.reason, partial: output.answer, usage: output.usage }
    : output;

/** The work did not end in its grace period. */
export function abandonWork(draft: GuardrailDraft, slotIndex: number): void {
  const { ending } = workAt(draft, slotIndex);
  clearTimersAndCheck(draft, slotIndex);
  endWorkChild(draft, slotIndex);
  if (ending) finish(draft, slotIndex, stoppedOutput(ending));
}

export function pauseWork(draft: GuardrailDraft, id: string | undefined, paused: boolean): void {
  for (const slotIndex of slotsOf(draft, id)) {
    const inProgress = workAt(draft, slotIndex);
    putWork(draft, slotIndex, { ...inProgress, paused });
    if (inProgress.stage === 'task') forwardCommand(draft, slotIndex, paused ? 'pause' : 'resume');
  }
}

function endCheck({ actions }: GuardrailDraft, slotIndex: number): void {
  actions.push({ do: 'stop', id: checkChildId(slotIndex) }, { do: 'unwait', id: workTimerId('patience', slotIndex) });
}

/** Ends the timers and the check of this work. */
function clearTimersAndCheck(draft: GuardrailDraft, slotIndex: number): void {
  const { settings, actions } = draft;
  const { rule, asks, every } = settings;
  if (asks.length > 0) endCheck(draft, slotIndex);
  if (rule.kind === 'timeout') actions.push({ do: 'unwait', id: workTimerId('late', slotIndex) });
  if (every !== undefined) actions.push({ do: 'unwait', id: workTimerId('watch', slotIndex) });
  if (workAt(draft, slotIndex).stage === 'stopping')
    actions.push({ do: 'unwait', id: workTimerId('grace', slotIndex) });
}

/** Answers the work (GR1). */
function finish(draft: GuardrailDraft, slotIndex: number, output: AgentOutput): void {
  const { work, round } = workAt(draft, slotIndex);
  putWork(draft, slotIndex, null);
  reportToBreaker(draft, round, output);
  answer(draft, work.id, output);
}

function answer(draft: GuardrailDraft, id: string, output: AgentOutput): void {
  if (draft.context.first?.id !== id)
    return void draft.actions.push({ do: 'answer', event: { type: 'work.done', id, output } });
  updateContext(draft, { output });
  draft.actions.push({ do: 'raise', event: { type: 'guardrail.settled' } });
}

/** Tells the breaker how the work ended. */
function reportToBreaker(
  { actions, at, settings: { name } }: GuardrailDraft,
  round: number,
  output: AgentOutput,
): void {
  const refusedBy = refusalOfOutput(output)?.refusedBy;
  if (output.status === 'completed')
    return void actions.push({ do: 'raise', event: { type: 'guardrail.passed', round } });
  if (output.status === 'cancelled' || (refusedBy !== undefined && refusedBy !== name))
    return void actions.push({ do: 'raise', event: { type: 'guardrail.spared', round } });
  const why = output.failure.message;
  actions.push({ do: 'raise', event: { type: 'guardrail.failed', round, at, why, own: refusedBy === name } });
}

/** A supervisor behind this guardrail is gone, and with it the work that it had. It is started again when it is needed. */
export function takeServiceEnd(draft: GuardrailDraft, name: string, why: string): void {
  updateContext(draft, { standing: draft.context.standing.filter((each) => each !== name) });
  const reason = makeFailure('environment', `"${name}" is gone, and with it what it had to do: ${why}`);
  for (const slotIndex of slotsOf(draft, undefined)) {
    const { work, stage } = workAt(draft, slotIndex);
    if ((stage === 'task' || stage === 'stopping') && supervisedFor(draft, work) === name)
      takeWorkEnd(draft, slotIndex, failedOutput(reason));
  }
}

/** The guardrail below is gone: all work is rejected (GR2). */
export function rejectAll(draft: GuardrailDraft, ending: (stage: GuardrailStage) => StopDecision): void {
  for (const slotIndex of slotsOf(draft, undefined)) {
    const inProgress = workAt(draft, slotIndex);
    const known = inProgress.stage === 'stopping' || inProgress.stage === 'task' ? 'mid' : inProgress.stage;
    clearTimersAndCheck(draft, slotIndex);
    finish(draft, slotIndex, stoppedOutput(inProgress.ending ?? ending(known), inProgress.output));
  }
}
