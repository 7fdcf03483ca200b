/**
 * Guardrails inside an agent: they check the model's answer while it streams, the calls that the model wants to make, and what is said to the agent
 * while it works.
 * Parts are shown only after they were checked. A stream that is rejected is stopped, and what was said is not an answer.
 */
import type { AnyActorLogic, AnyStateMachine } from 'xstate';
import type { EffectScope } from '../src/contracts/effect.ts';
import { deferred, isDeferred } from '../src/values/deferred.ts';
import { fromFailure, TroupeError } from '../src/values/failure.ts';
import type { Json } from '../src/values/json.ts';
import { guardrailRefusal } from '../machines/guardrail/refusal.ts';
import { defaultAgentLimits } from '../machines/agent/settings.ts';
import type { ModelCallInput, ParsedAnswer, ParsedCall } from '../machines/agent/effectTypes.ts';
import type { CheckResult } from '../machines/guardrail/events.ts';
import { propertiesOf } from '../src/values/properties.ts';
import { effect, type Effect } from './effect.ts';
import type { Guardrail } from './guardrailDefinition.ts';
import { withActors } from './withActors.ts';
import { answerPrefix } from './toolOffer.ts';
import { askCheckInTime, checkResultOf } from './checkResult.ts';

const isMachine = (logic: unknown): logic is AnyStateMachine =>
  typeof propertiesOf(logic).getStateNodeById === 'function';
/** An effect that asks the model; what `analyze` and `plan` give is not looked at here. */
type ModelCall = Effect<ParsedAnswer, ModelCallInput>;
const isModelCall = (logic: unknown): logic is ModelCall =>
  typeof propertiesOf(propertiesOf(logic).effect).perform === 'function';

/** Whether the guardrail checks what happens inside an agent. */
export const checksInside = ({ checks: { stream, tool }, judgesInput }: Guardrail): boolean =>
  stream !== undefined || tool !== undefined || judgesInput === true;

/** The machine with a guarded effect `callModel` in every agent in it, however deep. The chart stays the same. */
export function withStreamGuards(machine: AnyStateMachine, guardrails: readonly Guardrail[]): AnyStateMachine {
  const inside = guardrails.filter(checksInside);
  if (inside.length === 0) return machine;
  if (isDeferred(machine)) return deferred(machine, ['id'], () => guardedInside(machine, inside));
  return guardedInside(machine, inside);
}

function guardedInside(machine: AnyStateMachine, inside: readonly Guardrail[]): AnyStateMachine {
  const actors: Record<string, AnyActorLogic> = {};
  for (const [name, logic] of Object.entries(machine.implementations.actors)) {
    if (isMachine(logic)) actors[name] = withStreamGuards(logic, inside);
    else if (name === 'callModel' && isModelCall(logic))
      actors[name] = judgedFirst(guardedModelCall(logic, inside), inside);
    else if ((name === 'analyze' || name === 'plan') && isModelCall(logic)) actors[name] = judgedFirst(logic, inside);
  }
  return withActors(machine, actors);
}

/** The call of a model, made only when these guardrails let through what was said to the agent since its latest answer. Their rejection ends the work. */
function judgedFirst(call: ModelCall, guardrails: readonly Guardrail[]): ModelCall {
  const judges = guardrails.filter(({ judgesInput }) => judgesInput);
  if (judges.length === 0) return call;
  const { perform, options } = call.effect;
  return effect<ParsedAnswer, ModelCallInput>(async (callInput, scope) => {
    for (const text of callInput.heard ?? []) await requireAllowed(text, judges, scope);
    return await perform(callInput, scope);
  }, options);
}

async function requireAllowed(text: string, judges: readonly Guardrail[], { clock, signal }: EffectScope) {
  for (const {
    name,
    checks: { pre },
    limit,
  } of judges) {
    if (!pre) continue;
    const work = { type: 'agent.input', body: text, text, to: undefined, attempt: 1, facts: {}, signal };
    const answer = await askCheckInTime(() => pre(work), { clock, limit });
    const verdict = 'says' in answer ? checkResultOf(answer.says) : answer.failed;
    if (!verdict.ok) throw fromFailure(guardrailRefusal(name, 'pre', verdict));
  }
}

const guardedModelCall = (
  { effect: { perform, options } }: Effect<ParsedAnswer, ModelCallInput>,
  guardrails: readonly Guardrail[],
) =>
  effect<ParsedAnswer, ModelCallInput>(async (callInput, scope) => {
    const stop = new AbortController();
    const signal = AbortSignal.any([scope.signal, stop.signal]);
    const guard = streamGuard(guardrails, { ...scope, signal }, stop);
    try {
      const parsed = await perform(callInput, { ...scope, signal, progress: guard.hear });
      await guard.settled();
      const calls: ParsedCall[] = [];
      for (const call of parsed.calls) calls.push(await checkCall(call, guardrails, scope));
      return { ...parsed, calls };
    } catch (thrown) {
      // The rejection is why the model's answer broke off.
      throw guard.objection() ?? thrown;
    }
  }, options);

/** What a note of progress adds to the answer: text, or the arguments of a final answer. */
const textOf = (part: Json): string => {
  const { type, text, call } = propertiesOf(part);
  if (type === 'text') return typeof text === 'string' ? text : '';
  const { name, input } = propertiesOf(call);
  return type === 'call' && typeof name === 'string' && name.startsWith(answerPrefix) ? JSON.stringify(input) : '';
};

/** Checks the answer so far, one check at a time; parts that come meanwhile are checked together. Parts are shown once they were checked. */
function streamGuard(guardrails: readonly Guardrail[], scope: EffectScope, stop: AbortController) {
  const streamChecks = guardrails.flatMap((guardrail) => {
    const { stream } = guardrail.checks;
    return stream ? [{ guardrail, check: stream }] : [];
  });
  let text = '';
  let waiting: Json[] = [];
  let checking: Promise<void> | undefined;
  let rejection: TroupeError | undefined;

  const checkWaiting = async (): Promise<void> => {
    while (waiting.length > 0 && !rejection) {
      const parts = waiting;
      waiting = [];
      for (const { guardrail, check } of streamChecks) {
        const verdict = await verdictOn(guardrail, () => check({ text, signal: scope.signal }), scope);
        if (verdict.ok) continue;
        const { message, data, kind } = guardrailRefusal(guardrail.name, 'stream', verdict);
        rejection = new TroupeError(kind, message, { data });
        return stop.abort(rejection);
      }
      for (const part of parts) scope.progress(part);
    }
  };
  return {
    hear(part: Json): void {
      text += textOf(part);
      if (streamChecks.length === 0) return scope.progress(part);
      waiting.push(part);
      checking = (checking ?? Promise.resolve()).then(checkWaiting);
    },
    async settled(): Promise<void> {
      await checking;
      if (rejection) throw rejection;
    },
    objection: () => rejection,
  };
}

/** The call as it will be made, or refused to the model with the reason. */
async function checkCall(call: ParsedCall, guardrails: readonly Guardrail[], scope: EffectScope): Promise<ParsedCall> {
  let allowedCall = call;
  for (const { name: guardrail, checks, limit } of guardrails) {
    const { tool } = checks;
    if (!tool || (call.how !== 'run' && call.how !== 'guarded')) continue;
    const { name, input, effect: kind } = call;
    const answer = await askCheckInTime(() => tool({ name, input, effect: kind, signal: scope.signal }), {
      clock: scope.clock,
      limit,
    });
    if ('says' in answer && isAsk(answer.says)) {
      allowedCall = { ...call, how: 'guarded', ask: true, patience: patienceOf(call) };
      continue;
    }
    const verdict = 'says' in answer ? checkResultOf(answer.says) : answer.failed;
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

const isAsk = (says: unknown): boolean => propertiesOf(says).ask === true;
const patienceOf = (call: ParsedCall): number =>
  call.how === 'guarded' ? call.patience : defaultAgentLimits.approvalDeadline;

async function verdictOn({ limit }: Guardrail, ask: () => unknown, { clock }: EffectScope): Promise<CheckResult> {
  const answer = await askCheckInTime(ask, { clock, limit });
  return 'says' in answer ? checkResultOf(answer.says) : answer.failed;
}
