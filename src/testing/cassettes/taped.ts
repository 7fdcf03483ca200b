/** A type of actor whose effects are answered by somebody else: the machines are the real ones, the world is not there. */
import type { AnyActorLogic, AnyStateMachine } from 'xstate';
import type { EffectScope, Outcome } from '../../contracts/effect.ts';
import type { Json } from '../../contracts/json.ts';
import type { ActorType } from '../../system/actorType.ts';
import { isMachine } from '../../system/logics.ts';
import { eachChild } from '../effects.ts';

export interface Ask {
  readonly name: string;
  readonly input: Json;
  readonly scope: EffectScope;
  /** What would have been performed. */
  readonly logic: AnyActorLogic;
}
/** Never rejects: an error is an outcome too. */
export type Answerer = (ask: Ask) => Promise<Outcome>;

export function taped(type: ActorType, answer: Answerer): ActorType {
  const { machine } = type.chart;
  const effects = Object.entries(machine.implementations.actors).filter(([, logic]) => !isMachine(logic));
  const actors = Object.fromEntries(
    effects.map(([name, logic]) => [name, answered(name, logic as AnyActorLogic, answer)]),
  );
  return {
    ...type,
    chart: { ...type.chart, machine: machine.provide({ actors }) as AnyStateMachine },
    child: eachChild(type, (child) => taped(child, answer)),
  };
}

/** What the engine performs of a logic is what stands under `effect`. Without options nothing is tried twice: what was recorded is how it ended. */
const answered = (name: string, logic: AnyActorLogic, answer: Answerer): AnyActorLogic => {
  const effect = {
    options: {},
    async perform(input: unknown, scope: EffectScope): Promise<Json> {
      const plain = JSON.parse(JSON.stringify(input ?? null)) as Json;
      const outcome = await answer({ name, input: plain, scope, logic });
      if (outcome.ok) return outcome.output;
      // As data, not as an error: it is the recorded failure to the letter.
      // oxlint-disable-next-line typescript/only-throw-error
      throw outcome.failure;
    },
  };
  return Object.assign({ ...logic }, { effect });
};
