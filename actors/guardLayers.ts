/** The guardrails around an effect, however deep: each chain adds a layer, and the effect is guarded once for all of them. */
import type { AnyActorLogic } from 'xstate';
import type { HeldNote } from '../src/contracts/heldNote.ts';
import type { Json } from '../src/values/json.ts';
import { propertiesOf } from '../src/values/properties.ts';
import type { Effect } from './effect.ts';
import type { Guardrail } from './guardrailDefinition.ts';

/** An effect of any slot. What it takes and gives is not looked at. */
export type AnyEffect = Effect<unknown, unknown>;

export const isEffect = (logic: unknown): logic is AnyEffect =>
  typeof propertiesOf(propertiesOf(logic).effect).perform === 'function';

/** The chains of guardrails around an effect, from the inside to the outside; each in the order in which work meets its guardrails. */
export type GuardLayers = readonly (readonly Guardrail[])[];

interface Guarded {
  /** The effect without guardrails. */
  readonly bare: AnyEffect;
  readonly layers: GuardLayers;
}
const guardedEffects = new WeakMap<AnyActorLogic, Guarded>();

/** The effect behind one chain more. `guard` makes it from the effect without guardrails and all layers. */
export function behind(
  logic: AnyEffect,
  chain: readonly Guardrail[],
  guard: (bare: AnyEffect, layers: GuardLayers) => AnyEffect,
): AnyEffect {
  const { bare, layers } = guardedEffects.get(logic) ?? { bare: logic, layers: [] };
  const more = [...layers, chain];
  const made = guard(bare, more);
  guardedEffects.set(made, { bare, layers: more });
  return made;
}

/** Whether what is said is shown only after this guardrail has judged the whole result. */
const isHolder = ({ checks: { post }, holdBack }: Guardrail): boolean => post !== undefined && holdBack === undefined;
/** Whether it judges anything that is said. */
const judgesOutput = ({ checks: { post, stream } }: Guardrail): boolean => post !== undefined || stream !== undefined;

/** What the guardrails around an effect want of what is said there. */
export interface HoldingPolicy {
  /** For each guardrail from the inside to the outside: whether notes wait for it; undefined when they wait for none. */
  readonly holders: readonly boolean[] | undefined;
  /** How many characters are held back while a model speaks; Infinity: all of them, until it has ended. */
  readonly tail: number;
  /** Whether any of them judges what is said. */
  readonly judges: boolean;
}

export function holdingPolicyOf(layers: GuardLayers): HoldingPolicy {
  const fromInside = layers.flatMap((chain) => chain.toReversed());
  const holders = fromInside.map(isHolder);
  const tails = fromInside.filter(judgesOutput).map(({ holdBack = Infinity }) => holdBack);
  return {
    holders: holders.includes(true) ? holders : undefined,
    tail: Math.max(0, ...tails),
    judges: tails.length > 0,
  };
}

/** Shows a note, or hands it over to wait for the guardrails that it must wait for. */
export const showing =
  ({ holders }: HoldingPolicy, progress: (note: Json) => void) =>
  (note: Json): void =>
    progress(holders ? ({ type: 'troupe.held', holders: [...holders], note } satisfies HeldNote) : note);

/** Notes that say nothing of what was said: warnings for people, and how calls of models and tools went, for their health. */
export function isAboutCalls(note: Json): boolean {
  const { type, kind } = propertiesOf(note);
  return type === 'warning' || (type === 'call' && kind !== undefined);
}
