/**
 * The pipeline of one piece of work through a guardrail: pre-check, the supervised machine, post-check, answer.
 *
 * G1 Every piece of work is answered once, however it ends.
 * G2 It fails closed: a check that says no, throws, gives no answer in time or dies rejects the work.
 * G3 The first decision against a piece of work stands.
 */
import type { AgentOutput } from '../../src/contracts/agent.ts';
import type { Stage, Work } from '../../src/contracts/work.ts';
import { tokensOf } from '../agent/budget.ts';
import { failure } from '../failure.ts';
import { failedWith } from '../memberOutput.ts';
import { taken } from './tokenBucket.ts';
import { handOn, letGo, tell, whoFor } from './forward.ts';
import { checkId, timerId, type Ending, type Passage } from './context.ts';
import { change, freePlace, passageAt, placesOf, put, type Draft } from './draft.ts';
import { refusal, refusalOf, stopped, turnedDown } from './refusal.ts';
import { keyFor, rejectedAfter, rejectedBefore, timeFor, type Rejection } from './rules.ts';

/** Admits work that this guardrail's own rule allows, and asks the pre-check. */
export function admit(draft: Draft, work: Work): void {
  const { settings, at, facts } = draft;
  const place = freePlace(draft);
  const { rule } = settings;
  const key = rule.kind === 'rateLimit' ? keyFor(rule, work) : undefined;
  if (rule.kind === 'rateLimit' && key !== undefined)
    change(draft, { buckets: taken(facts.buckets, key, { tasks: 1 }, rule, at) });
  put(draft, place, {
    work,
    stage: 'pre',
    round: facts.round,
    paused: false,
    ...(key === undefined ? {} : { key }),
  });
  ask(draft, place, 'pre');
}

/** Rejects work before it began: because of this guardrail's own rule, or because its breaker is open. */
export function reject(draft: Draft, work: Work, rejection: Rejection): void {
  answer(draft, work.id, turnedDown(refusal(draft.settings.name, 'pre', rejection)));
}

/** Rejects work because of the rule, which the breaker counts as a failure; a rejection by the breaker itself is not counted. */
export function rejectByRule(draft: Draft, work: Work): void {
  const { settings, facts, at } = draft;
  const rejection = rejectedBefore(settings, facts, work, at);
  if (!rejection) return;
  reject(draft, work, rejection);
  report(draft, facts.round, turnedDown(refusal(settings.name, 'pre', rejection)));
}

/** Asks the user's check of this stage; if there is none, the work goes on. */
export function ask(draft: Draft, place: number, stage: 'pre' | 'mid' | 'post'): void {
  const { settings, deeds } = draft;
  const { work, output } = passageAt(draft, place);
  if (!settings.asks.includes(stage)) return after(draft, place, stage);
  const input = { guardrail: settings.name, stage, work, ...(output === undefined ? {} : { output }) };
  deeds.push(
    { do: 'check', id: checkId(place), input },
    { do: 'wait', id: timerId('patience', place), delay: settings.patience, event: { type: 'check.late', place } },
  );
}

/** The check of this stage passed. */
export function proceed(draft: Draft, place: number): void {
  const { stage } = passageAt(draft, place);
  endCheck(draft, place);
  if (stage === 'task') return watchLater(draft, place);
  if (stage !== 'stopping') after(draft, place, stage);
}

function after(draft: Draft, place: number, stage: 'pre' | 'mid' | 'post'): void {
  const passage = passageAt(draft, place);
  if (stage === 'post') return passage.output && finish(draft, place, passage.output);
  if (stage === 'mid') return begin(draft, place);
  put(draft, place, { ...passage, stage: 'mid' });
  ask(draft, place, 'mid');
}

/** Forwards the work: to the guardrail below, or to the supervised machine. */
function begin(draft: Draft, place: number): void {
  const { settings, deeds, at } = draft;
  const passage = passageAt(draft, place);
  const { work } = passage;
  put(draft, place, { ...passage, stage: 'task' });
  handOn(draft, place);
  if (passage.paused) tell(draft, place, 'pause');
  const time = timeFor(settings, work, at);
  if (time !== undefined)
    deeds.push({ do: 'wait', id: timerId('late', place), delay: time, event: { type: 'work.late', place } });
  watchLater(draft, place);
}

function watchLater({ settings: { asks, every }, deeds }: Draft, place: number): void {
  if (asks.includes('mid') && every !== undefined)
    deeds.push({ do: 'wait', id: timerId('watch', place), delay: every, event: { type: 'watch.due', place } });
}

/** The supervised machine, or the guardrail below, has ended. */
export function takeEnd(draft: Draft, place: number, end: AgentOutput): void {
  const { settings } = draft;
  const passage = passageAt(draft, place);
  clear(draft, place);
  letGo(draft, place);
  settle(draft, passage, end);
  if (passage.ending) return finish(draft, place, stopped(passage.ending, end));
  const rejection = rejectedAfter(settings, end);
  if (rejection) {
    const stage = end.status === 'completed' ? 'post' : 'mid';
    return finish(draft, place, turnedDown(refusal(settings.name, stage, rejection), end));
  }
  if (end.status !== 'completed') return finish(draft, place, end);
  put(draft, place, { ...passage, stage: 'post', output: end });
  ask(draft, place, 'post');
}

/** Takes the tokens, which are known only now, from the bucket. Work that was rejected further on was not done: its task is put back. */
function settle(draft: Draft, { key }: Passage, end: AgentOutput): void {
  const { rule } = draft.settings;
  if (rule.kind !== 'rateLimit' || key === undefined) return;
  const refused = refusalOf(end);
  const wasBegun = !refused || (refused.stage !== undefined && refused.stage !== 'pre');
  const tasks = wasBegun ? 0 : -1;
  const buckets = taken(draft.facts.buckets, key, { tasks, tokens: tokensOf(end.usage) }, rule, draft.at);
  change(draft, { buckets });
}

/** The check of this stage rejected the work (G2). */
export function turnAway(draft: Draft, place: number, rejection: Rejection): void {
  const { stage } = passageAt(draft, place);
  stop(draft, place, {
    how: 'refused',
    failure: refusal(draft.settings.name, stage === 'pre' || stage === 'post' ? stage : 'mid', rejection),
  });
}

/** Stops the work: at once while it is checked; while it is under way it is told to stop, and has a grace period. */
export function stop(draft: Draft, place: number, ending: Ending): void {
  const passage = passageAt(draft, place);
  if (passage.stage === 'stopping') return; // G3
  clear(draft, place);
  if (passage.stage !== 'task') return finish(draft, place, stopped(ending, calledOff(passage, ending)));
  put(draft, place, { ...passage, stage: 'stopping', ending });
  tell(draft, place, 'cancel', ending.how === 'refused' ? ending.failure.message : ending.reason);
  const { grace } = draft.settings;
  draft.deeds.push({ do: 'wait', id: timerId('grace', place), delay: grace, event: { type: 'grace.over', place } });
}

/** The output of work that was cancelled while its result was checked: an answer that no check has passed is partial. */
const calledOff = ({ output }: Passage, ending: Ending): AgentOutput | undefined =>
  ending.how === 'cancelled' && output?.status === 'completed'
    ? { status: 'cancelled', reason: ending.reason, partial: output.answer, usage: output.usage }
    : output;

/** The work did not end in its grace period. */
export function abandon(draft: Draft, place: number): void {
  const { ending } = passageAt(draft, place);
  clear(draft, place);
  letGo(draft, place);
  if (ending) finish(draft, place, stopped(ending));
}

export function pause(draft: Draft, id: string | undefined, paused: boolean): void {
  for (const place of placesOf(draft, id)) {
    const passage = passageAt(draft, place);
    put(draft, place, { ...passage, paused });
    if (passage.stage === 'task') tell(draft, place, paused ? 'pause' : 'resume');
  }
}

function endCheck({ deeds }: Draft, place: number): void {
  deeds.push({ do: 'stop', id: checkId(place) }, { do: 'unwait', id: timerId('patience', place) });
}

/** Ends the timers and the check of this work. */
function clear(draft: Draft, place: number): void {
  const { settings, deeds } = draft;
  const { rule, asks, every } = settings;
  if (asks.length > 0) endCheck(draft, place);
  if (rule.kind === 'timeout') deeds.push({ do: 'unwait', id: timerId('late', place) });
  if (every !== undefined) deeds.push({ do: 'unwait', id: timerId('watch', place) });
  if (passageAt(draft, place).stage === 'stopping') deeds.push({ do: 'unwait', id: timerId('grace', place) });
}

/** Answers the work (G1). */
function finish(draft: Draft, place: number, output: AgentOutput): void {
  const { work, round } = passageAt(draft, place);
  put(draft, place, null);
  report(draft, round, output);
  answer(draft, work.id, output);
}

function answer(draft: Draft, id: string, output: AgentOutput): void {
  if (draft.facts.first?.id !== id)
    return void draft.deeds.push({ do: 'answer', event: { type: 'work.done', id, output } });
  change(draft, { output });
  draft.deeds.push({ do: 'raise', event: { type: 'guardrail.settled' } });
}

/** Tells the breaker how the work ended. */
function report({ deeds, at, settings: { name } }: Draft, round: number, output: AgentOutput): void {
  const refusedBy = refusalOf(output)?.refusedBy;
  if (output.status === 'completed')
    return void deeds.push({ do: 'raise', event: { type: 'guardrail.passed', round } });
  if (output.status === 'cancelled' || (refusedBy !== undefined && refusedBy !== name))
    return void deeds.push({ do: 'raise', event: { type: 'guardrail.spared', round } });
  const why = output.failure.message;
  deeds.push({ do: 'raise', event: { type: 'guardrail.failed', round, at, why, own: refusedBy === name } });
}

/** A supervisor behind this guardrail is gone, and with it the work that it had. It is started again when it is needed. */
export function takeFall(draft: Draft, name: string, why: string): void {
  change(draft, { standing: draft.facts.standing.filter((each) => each !== name) });
  const reason = failure('environment', `"${name}" is gone, and with it what it had to do: ${why}`);
  for (const place of placesOf(draft, undefined)) {
    const { work, stage } = passageAt(draft, place);
    if ((stage === 'task' || stage === 'stopping') && whoFor(draft, work) === name)
      takeEnd(draft, place, failedWith(reason));
  }
}

/** The guardrail below is gone: all work is rejected (G2). */
export function endAll(draft: Draft, ending: (stage: Stage) => Ending): void {
  for (const place of placesOf(draft, undefined)) {
    const passage = passageAt(draft, place);
    const known = passage.stage === 'stopping' || passage.stage === 'task' ? 'mid' : passage.stage;
    clear(draft, place);
    finish(draft, place, stopped(passage.ending ?? ending(known), passage.output));
  }
}
