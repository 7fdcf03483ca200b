/** An actor type with its real machines, whose effects are answered by a function instead of being performed. */
import type { AnyActorLogic } from 'xstate';
import type { EffectScope, Outcome } from '../../contracts/effect.ts';
import type { Json } from '../../values/json.ts';
import type { ActorType } from '../../core/actorType.ts';
import { lightCopy } from '../../core/lightCopy.ts';
import { isMachine } from '../../core/validateActors.ts';
import { actorLogics, mapChildren, type Performer } from '../effects.ts';
import { knownJson } from '../jsonValues.ts';

/** An effect that is asked for. */
export interface EffectCall {
  /** The name of the effect in setup({ actors }). */
  readonly name: string;
  /** The input of the effect. */
  readonly input: Json;
  /** What the engine gives the effect besides its input. */
  readonly scope: EffectScope;
  /** The logic that would be performed. */
  readonly logic: AnyActorLogic;
}
/** Answers an effect. Never rejects: a failure is an outcome, too. */
export type EffectAnswerer = (ask: EffectCall) => Promise<Outcome>;

/** The same actor type, and the same for its children, with every effect answered by `answer`. */
export function recordedActorType(type: ActorType, answer: EffectAnswerer): ActorType {
  const { machine } = type.chart;
  const effects = Object.entries(actorLogics(machine)).filter(([, logic]) => !isMachine(logic));
  const actors = Object.fromEntries(effects.map(([name, logic]) => [name, answered(name, logic, answer)]));
  return {
    ...type,
    chart: { ...type.chart, machine: lightCopy(machine, { actors }) },
    child: mapChildren(type, (child) => recordedActorType(child, answer)),
  };
}

/** The engine performs what a logic has under `effect`. Without options it never retries: the recorded outcome is the final one. */
const answered = (name: string, logic: AnyActorLogic, answer: EffectAnswerer): AnyActorLogic => {
  const effect: Performer = {
    options: {},
    async perform(input: unknown, scope: EffectScope): Promise<Json> {
      const plain = knownJson(JSON.parse(JSON.stringify(input ?? null)));
      const outcome = await answer({ name, input: plain, scope, logic });
      if (outcome.ok) return outcome.output;
      // Thrown as data, so that the machine gets exactly the recorded failure.
      // oxlint-disable-next-line typescript/only-throw-error
      throw outcome.failure;
    },
  };
  return Object.assign({ ...logic }, { effect });
};
