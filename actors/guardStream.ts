/**
 * Guardrails inside an agent: they check the model's answer while it streams, the calls that the model wants to make, and what is said to the agent
 * while it works. What is said behind guardrails that judge output is shown only after they judged it. A stream that is rejected is stopped, and
 * what was said is not an answer.
 */
import type { AnyActorLogic, AnyStateMachine } from 'xstate';
import { deferred, isDeferred } from '../src/values/deferred.ts';
import type { ModelCallInput, ParsedAnswer, ParsedCall } from '../machines/agent/effectTypes.ts';
import { propertiesOf } from '../src/values/properties.ts';
import { effect, type Effect } from './effect.ts';
import { checkCall, requireAllowed } from './guardCalls.ts';
import { behind, holdingPolicyOf, isEffect, showing, type AnyEffect, type GuardLayers } from './guardLayers.ts';
import type { Guardrail } from './guardrailDefinition.ts';
import { withJudgedNotes } from './heldNotes.ts';
import { turnGuard } from './turnGuard.ts';
import { withActors } from './withActors.ts';

const isMachine = (logic: unknown): logic is AnyStateMachine =>
  typeof propertiesOf(logic).getStateNodeById === 'function';
/** An effect that asks the model; what `analyze` and `plan` give is not looked at here. */
type ModelCall = Effect<ParsedAnswer, ModelCallInput>;

/** The machine with guarded effects in every machine in it, however deep. The charts stay the same. */
export function withStreamGuards(machine: AnyStateMachine, chain: readonly Guardrail[]): AnyStateMachine {
  if (isDeferred(machine)) return deferred(machine, ['id'], () => guardedInside(machine, chain));
  return guardedInside(machine, chain);
}

function guardedInside(machine: AnyStateMachine, chain: readonly Guardrail[]): AnyStateMachine {
  const actors: Record<string, AnyActorLogic> = {};
  for (const [name, logic] of Object.entries(machine.implementations.actors)) {
    const guarded = isMachine(logic)
      ? withStreamGuards(logic, chain)
      : isEffect(logic) && name !== 'checkWork'
        ? behind(logic, chain, (bare, layers) => guardedEffect(name, bare, layers))
        : logic;
    if (guarded !== logic) actors[name] = guarded as AnyActorLogic;
  }
  return Object.keys(actors).length === 0 ? machine : withActors(machine, actors);
}

function guardedEffect(name: string, bare: AnyEffect, layers: GuardLayers): AnyEffect {
  // The slot says what the effect takes and gives.
  if (name === 'callModel') return judgedFirst(guardedModelCall(bare as ModelCall, layers), layers) as AnyEffect;
  if (name === 'analyze' || name === 'plan') return judgedFirst(bare as ModelCall, layers) as AnyEffect;
  const policy = holdingPolicyOf(layers);
  const judges = layers.flat().filter(({ checks }) => checks.stream);
  if (!policy.holders && judges.length === 0) return effect(bare.effect.perform, bare.effect.options);
  return withJudgedNotes(bare, judges, ({ progress }) => showing(policy, progress));
}

/** The call of a model, made only when these guardrails let through what was said to the agent since its latest answer. Their rejection ends the work. */
function judgedFirst({ effect: { perform, options } }: ModelCall, layers: GuardLayers): ModelCall {
  const judges = layers.toReversed().flatMap((chain) => chain.filter(({ judgesInput }) => judgesInput));
  return effect<ParsedAnswer, ModelCallInput>(async (callInput, scope) => {
    if (judges.length > 0) for (const text of callInput.heard ?? []) await requireAllowed(text, judges, scope);
    return await perform(callInput, scope);
  }, options);
}

function guardedModelCall(call: ModelCall, layers: GuardLayers): ModelCall {
  const guardrails = layers.flat();
  const toolChecks = guardrails.filter(({ checks }) => checks.tool);
  const policy = holdingPolicyOf(layers);
  const { perform, options } = policy.judges ? streamed(call, guardrails, policy).effect : call.effect;
  if (toolChecks.length === 0) return effect(perform, options);
  return effect<ParsedAnswer, ModelCallInput>(async (callInput, scope) => {
    const parsed = await perform(callInput, scope);
    const calls: ParsedCall[] = [];
    for (const one of parsed.calls) calls.push(await checkCall(one, toolChecks, scope));
    return { ...parsed, calls };
  }, options);
}

/** The call of a model whose stream is checked, and shown after that. */
const streamed = (
  { effect: { perform, options } }: ModelCall,
  guardrails: readonly Guardrail[],
  policy: ReturnType<typeof holdingPolicyOf>,
): ModelCall =>
  effect<ParsedAnswer, ModelCallInput>(async (callInput, { soFar, ...scope }) => {
    const stop = new AbortController();
    const signal = AbortSignal.any([scope.signal, stop.signal]);
    const guard = turnGuard(
      {
        guardrails,
        tail: policy.tail,
        show: showing(policy, scope.progress),
        stop: (why) => stop.abort(why),
      },
      { ...scope, ...(soFar ? { soFar } : {}), signal },
    );
    try {
      const parsed = await perform(callInput, { ...scope, signal, progress: guard.hear });
      await guard.settled();
      return parsed;
    } catch (thrown) {
      // The rejection is why the model's answer broke off.
      throw guard.objection() ?? thrown;
    }
  }, options);
