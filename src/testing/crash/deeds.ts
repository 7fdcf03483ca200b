/** What was really performed, attempt by attempt, and what kind of effect each was: the evidence that the promises are judged by. */
import type { AnyActorLogic, AnyStateMachine } from 'xstate';
import type { EffectKind, EffectOptions, EffectScope } from '../../contracts/effect.ts';
import type { ActorType } from '../../system/actorType.ts';

/** One attempt at an effect. */
export interface Deed {
  readonly actor: string;
  readonly name: string;
  readonly key: string;
  /** As JSON. */
  readonly input: string;
  readonly kind: EffectKind;
  /** The world honours the key. */
  readonly idempotent: boolean;
}

/** Hears of an attempt when it begins; what it gives back is called when it is over. */
export type Tell = (deed: Deed) => () => void;

/** A type whose effects, and whose children's effects, are told of. Plain promise actors count as reads, and are not. */
export const watched = (type: ActorType, tell: Tell): ActorType => {
  const { machine } = type.chart;
  const actors = Object.fromEntries(
    Object.entries(machine.implementations.actors).map(([name, logic]) => [
      name,
      watch(name, logic as AnyActorLogic & Partial<Performs>, tell),
    ]),
  );
  return {
    ...type,
    chart: { ...type.chart, machine: machine.provide({ actors }) as AnyStateMachine },
    child(source) {
      const child = type.child(source);
      return child && watched(child, tell);
    },
  };
};

/** What `effect()` puts on a logic. */
interface Performs {
  readonly effect: {
    perform(input: unknown, scope: EffectScope): Promise<unknown>;
    readonly options: EffectOptions<unknown>;
  };
}

function watch(name: string, logic: AnyActorLogic & Partial<Performs>, tell: Tell): AnyActorLogic {
  const { effect } = logic;
  if (!effect) return logic;
  const { perform, options } = effect;
  const told: Performs = {
    effect: {
      options,
      async perform(input, scope) {
        const { key, actor } = scope;
        const kind = answered(options.kind, input) ?? 'read';
        const idempotent = answered(options.idempotent, input) ?? false;
        const over = tell({ actor, name, key, input: JSON.stringify(input) ?? 'null', kind, idempotent });
        try {
          return await perform(input, scope);
        } finally {
          over();
        }
      },
    },
  };
  return Object.assign(Object.create(logic) as AnyActorLogic, told);
}

const answered = <T>(option: T | ((input: unknown) => T) | undefined, input: unknown): T | undefined =>
  typeof option === 'function' ? (option as (input: unknown) => T)(input) : option;
