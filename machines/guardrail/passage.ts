/**
 * The way of a piece of work through a guardrail: pre-check, what is supervised, post-check, answer.
 *
 * G1 Every work is answered once, whichever way it ends.
 * G2 It fails closed: a check that says no, throws, says nothing in time or dies turns the work down.
 * G3 The first decision against a piece of work stands.
 */
import type { AgentOutput } from '../../src/contracts/agent.ts';
import type { Stage, Work } from '../../src/contracts/work.ts';
import { tokensOf } from '../agent/money.ts';
import { failure } from '../failure.ts';
import { failedWith } from '../output.ts';
import { taken } from './bucket.ts';
import { handOn, letGo, tell, whoFor } from './behind.ts';
import { checkId, timerId, type Ending, type Passage } from './context.ts';
import { change, freePlace, placesOf, put, type Draft } from './draft.ts';
import { refusal, refusedIn, stopped, turnedDown } from './refusal.ts';
import { keyFor, rejectedAfter, rejectedBefore, timeFor, type Rejection } from './rules.ts';

/** Lets work in, as far as this guardrail itself is concerned. */
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

/** Turned down before it began: by this guardrail's own rule, or by its door. */
export function reject(draft: Draft, work: Work, rejection: Rejection): void {
  answer(draft, work.id, turnedDown(refusal(draft.settings.name, 'pre', rejection)));
}

/** The rule's own rejection counts for the door; that of the door does not. */
export function rejectByRule(draft: Draft, work: Work): void {
  const { settings, facts, at } = draft;
  const rejection = rejectedBefore(settings, facts, work, at);
  if (!rejection) return;
  reject(draft, work, rejection);
  report(draft, facts.round, turnedDown(refusal(settings.name, 'pre', rejection)));
}

/** Asks a user's code, where there is some for this stage; otherwise the work goes on. */
export function ask(draft: Draft, place: number, stage: 'pre' | 'mid' | 'post'): void {
  const { settings, facts, deeds } = draft;
  const { work, output } = facts.passages[place]!;
  if (!settings.asks.includes(stage)) return after(draft, place, stage);
  const input = { guardrail: settings.name, stage, work, ...(output === undefined ? {} : { output }) };
  deeds.push(
    { do: 'check', id: checkId(place), input },
    { do: 'wait', id: timerId('patience', place), delay: settings.patience, event: { type: 'check.late', place } },
  );
}

/** The check of this stage is content. */
export function proceed(draft: Draft, place: number): void {
  const { stage } = draft.facts.passages[place]!;
  endCheck(draft, place);
  if (stage === 'task') return watchLater(draft, place);
  if (stage !== 'stopping') after(draft, place, stage);
}

function after(draft: Draft, place: number, stage: 'pre' | 'mid' | 'post'): void {
  const passage = draft.facts.passages[place]!;
  if (stage === 'post') return finish(draft, place, passage.output!);
  if (stage === 'mid') return begin(draft, place);
  put(draft, place, { ...passage, stage: 'mid' });
  ask(draft, place, 'mid');
}

/** Hands it on: to the guardrail below, or to what is supervised. */
function begin(draft: Draft, place: number): void {
  const { settings, deeds, at } = draft;
  const passage = draft.facts.passages[place]!;
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

/** What is supervised, or the guardrail below, is done. */
export function takeEnd(draft: Draft, place: number, end: AgentOutput): void {
  const { settings } = draft;
  const passage = draft.facts.passages[place]!;
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

/** What was turned down further on has not been done: it goes back into the bucket. Tokens are taken when they are known. */
function settle(draft: Draft, { key }: Passage, end: AgentOutput): void {
  const { rule } = draft.settings;
  if (rule.kind !== 'rateLimit' || key === undefined) return;
  const { refusedBy, stage } = refusedIn(end);
  const tasks = refusedBy !== undefined && (stage === undefined || stage === 'pre') ? -1 : 0;
  const buckets = taken(draft.facts.buckets, key, { tasks, tokens: tokensOf(end.usage) }, rule, draft.at);
  change(draft, { buckets });
}

/** The check of this stage is not content (G2). */
export function turnAway(draft: Draft, place: number, rejection: Rejection): void {
  const { stage } = draft.facts.passages[place]!;
  stop(draft, place, {
    how: 'refused',
    failure: refusal(draft.settings.name, stage === 'pre' || stage === 'post' ? stage : 'mid', rejection),
  });
}

/** Stops it where it is: at once while it is checked, and by way of a word and a grace while it is under way. */
export function stop(draft: Draft, place: number, ending: Ending): void {
  const passage = draft.facts.passages[place]!;
  if (passage.stage === 'stopping') return; // G3
  clear(draft, place);
  if (passage.stage !== 'task') return finish(draft, place, stopped(ending, calledOff(passage, ending)));
  put(draft, place, { ...passage, stage: 'stopping', ending });
  tell(draft, place, 'cancel', ending.how === 'refused' ? ending.failure.message : ending.reason);
  const { grace } = draft.settings;
  draft.deeds.push({ do: 'wait', id: timerId('grace', place), delay: grace, event: { type: 'grace.over', place } });
}

/** Called off while its result was checked: what nobody has let out is partial. */
const calledOff = ({ output }: Passage, ending: Ending): AgentOutput | undefined =>
  ending.how === 'cancelled' && output?.status === 'completed'
    ? { status: 'cancelled', reason: ending.reason, partial: output.answer, usage: output.usage }
    : output;

/** It did not end when it was told to. */
export function abandon(draft: Draft, place: number): void {
  const { ending } = draft.facts.passages[place]!;
  clear(draft, place);
  letGo(draft, place);
  if (ending) finish(draft, place, stopped(ending));
}

export function pause(draft: Draft, id: string | undefined, paused: boolean): void {
  for (const place of placesOf(draft, id)) {
    const passage = draft.facts.passages[place]!;
    put(draft, place, { ...passage, paused });
    if (passage.stage === 'task') tell(draft, place, paused ? 'pause' : 'resume');
  }
}

function endCheck({ deeds }: Draft, place: number): void {
  deeds.push({ do: 'stop', id: checkId(place) }, { do: 'unwait', id: timerId('patience', place) });
}

/** Nothing of its time or its checks goes on. */
function clear(draft: Draft, place: number): void {
  const { settings, deeds, facts } = draft;
  const { rule, asks, every } = settings;
  if (asks.length > 0) endCheck(draft, place);
  if (rule.kind === 'timeout') deeds.push({ do: 'unwait', id: timerId('late', place) });
  if (every !== undefined) deeds.push({ do: 'unwait', id: timerId('watch', place) });
  if (facts.passages[place]!.stage === 'stopping') deeds.push({ do: 'unwait', id: timerId('grace', place) });
}

/** G1. */
function finish(draft: Draft, place: number, output: AgentOutput): void {
  const { work, round } = draft.facts.passages[place]!;
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

/** Tells the door how it came out. */
function report({ deeds, at, settings: { name } }: Draft, round: number, output: AgentOutput): void {
  const { refusedBy } = refusedIn(output);
  if (output.status === 'completed')
    return void deeds.push({ do: 'raise', event: { type: 'guardrail.passed', round } });
  if (output.status === 'cancelled' || (refusedBy !== undefined && refusedBy !== name))
    return void deeds.push({ do: 'raise', event: { type: 'guardrail.spared', round } });
  const why = output.failure.message;
  deeds.push({ do: 'raise', event: { type: 'guardrail.failed', round, at, why, own: refusedBy === name } });
}

/** One that stood behind it is gone, and with it what it had to do. It is started anew when it is needed again. */
export function takeFall(draft: Draft, name: string, why: string): void {
  change(draft, { standing: draft.facts.standing.filter((each) => each !== name) });
  const reason = failure('environment', `"${name}" is gone, and with it what it had to do: ${why}`);
  for (const place of placesOf(draft, undefined)) {
    const { work, stage } = draft.facts.passages[place]!;
    if ((stage === 'task' || stage === 'stopping') && whoFor(draft, work) === name)
      takeEnd(draft, place, failedWith(reason));
  }
}

/** Nobody below answers any more: nothing gets through (G2). */
export function endAll(draft: Draft, ending: (stage: Stage) => Ending): void {
  for (const place of placesOf(draft, undefined)) {
    const passage = draft.facts.passages[place]!;
    const known = passage.stage === 'stopping' ? 'mid' : passage.stage === 'task' ? 'mid' : passage.stage;
    clear(draft, place);
    finish(draft, place, stopped(passage.ending ?? ending(known), passage.output));
  }
}
