/**
 * Guardrails inside an agent: on what its model says while it says it, and on the calls it wants to make.
 * What is shown has been looked at; a stream that is turned down is stopped, and what was said is not an answer.
 */
import type { AnyStateMachine } from 'xstate';
import type { EffectScope } from '../src/contracts/effect.ts';
import { TroupeError } from '../src/contracts/failure.ts';
import type { Json } from '../src/contracts/json.ts';
import type { ModelPart } from '../src/contracts/model.ts';
import { refusal } from '../machines/guardrail/refusal.ts';
import { defaultLimits } from '../machines/agent/limits.ts';
import type { Reading, ReadCall, Thinking } from '../machines/agent/turn.ts';
import type { Verdict } from '../machines/guardrail/vocabulary.ts';
import { effect, type Effect } from './effect.ts';
import type { Guardrail } from './guardrail.ts';
import { answerPrefix } from './offer.ts';
import { asked, verdictOf } from './verdict.ts';

const isMachine = (logic: unknown): logic is AnyStateMachine =>
  typeof (logic as Partial<AnyStateMachine>).getStateNodeById === 'function';
const isEffect = (logic: unknown): logic is Effect<Reading, Thinking> =>
  typeof (logic as Partial<Effect<Reading, Thinking>>).effect?.perform === 'function';

/** Does it look inside? */
export const looksInside = ({ checks: { stream, tool } }: Guardrail): boolean =>
  stream !== undefined || tool !== undefined;

/** A machine whose agents, however deep, are watched. It is the same chart: only the effect that asks the model differs. */
export function watched(machine: AnyStateMachine, guardrails: readonly Guardrail[]): AnyStateMachine {
  const inside = guardrails.filter(looksInside);
  if (inside.length === 0) return machine;
  const actors: Record<string, unknown> = {};
  for (const [name, logic] of Object.entries(machine.implementations.actors)) {
    if (isMachine(logic)) actors[name] = watched(logic, inside);
    else if (name === 'callModel' && isEffect(logic)) actors[name] = watchedCall(logic, inside);
  }
  // Each takes the place of one that fits there.
  return machine.provide({ actors: actors as never }) as AnyStateMachine;
}

const watchedCall = ({ effect: { perform, options } }: Effect<Reading, Thinking>, guardrails: readonly Guardrail[]) =>
  effect<Reading, Thinking>(async (thinking, scope) => {
    const stop = new AbortController();
    const signal = AbortSignal.any([scope.signal, stop.signal]);
    const watch = streamWatch(guardrails, { ...scope, signal }, stop);
    try {
      const reading = await perform(thinking, { ...scope, signal, progress: watch.hear });
      await watch.settled();
      const calls: ReadCall[] = [];
      for (const call of reading.calls) calls.push(await allowed(call, guardrails, scope));
      return { ...reading, calls };
    } catch (thrown) {
      // The stop that it was given is why the model's answer broke off.
      throw watch.objection() ?? thrown;
    }
  }, options);

const textOf = (part: Partial<ModelPart>): string => {
  if (part.type === 'text') return part.text ?? '';
  return part.type === 'call' && part.call?.name.startsWith(answerPrefix) ? JSON.stringify(part.call.input) : '';
};

/** Looks at what is said so far, one look at a time; what comes meanwhile is looked at together. Parts are shown once they were looked at. */
function streamWatch(guardrails: readonly Guardrail[], scope: EffectScope, stop: AbortController) {
  const watching = guardrails.filter(({ checks }) => checks.stream !== undefined);
  let text = '';
  let waiting: Json[] = [];
  let looking: Promise<void> | undefined;
  let objection: TroupeError | undefined;

  const look = async (): Promise<void> => {
    while (waiting.length > 0 && !objection) {
      const parts = waiting;
      waiting = [];
      for (const guardrail of watching) {
        const verdict = await verdictOn(
          guardrail,
          () => guardrail.checks.stream!({ text, signal: scope.signal }),
          scope,
        );
        if (verdict.ok) continue;
        const { message, data, kind } = refusal(guardrail.name, 'stream', verdict);
        objection = new TroupeError(kind, message, { data });
        return stop.abort(objection);
      }
      for (const part of parts) scope.progress(part);
    }
  };
  return {
    hear(part: Json): void {
      const more = textOf(part as Partial<ModelPart>);
      text += more;
      if (watching.length === 0) return scope.progress(part);
      waiting.push(part);
      looking = (looking ?? Promise.resolve()).then(look);
    },
    async settled(): Promise<void> {
      await looking;
      if (objection) throw objection;
    },
    objection: () => objection,
  };
}

/** The call as it will be made, or refused to the model with the reason. */
async function allowed(call: ReadCall, guardrails: readonly Guardrail[], scope: EffectScope): Promise<ReadCall> {
  let allowedCall = call;
  for (const { name: guardrail, checks, limit } of guardrails) {
    if (!checks.tool || (call.how !== 'run' && call.how !== 'guarded')) continue;
    const { name, input, effect: kind } = call;
    const answer = await asked(() => checks.tool!({ name, input, effect: kind, signal: scope.signal }), {
      clock: scope.clock,
      limit,
    });
    if ('says' in answer && isAsk(answer.says)) {
      allowedCall = { ...call, how: 'guarded', ask: true, patience: patienceOf(call) };
      continue;
    }
    const verdict = 'says' in answer ? verdictOf(answer.says) : answer.failed;
    if (verdict.ok) continue;
    const { id, hash } = call;
    return {
      id,
      name,
      input,
      hash,
      how: 'refused',
      why: `Not made: the guardrail "${guardrail}" refused it: ${verdict.reason}.`,
    };
  }
  return allowedCall;
}

const isAsk = (says: unknown): boolean => (says as { ask?: unknown } | null)?.ask === true;
const patienceOf = (call: ReadCall): number =>
  call.how === 'guarded' ? call.patience : defaultLimits.approvalDeadline;

async function verdictOn({ limit }: Guardrail, ask: () => unknown, { clock }: EffectScope): Promise<Verdict> {
  const answer = await asked(ask, { clock, limit });
  return 'says' in answer ? verdictOf(answer.says) : answer.failed;
}
