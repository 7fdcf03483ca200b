/** An actor type whose effects are performed by somebody else: counted, delayed, recorded or answered from a record. */
import type { AnyActorLogic } from 'xstate';
import type { EffectOptions, EffectScope } from '../contracts/effect.ts';
import type { ActorType } from '../system/actorType.ts';

/** What `effect()` made of a function. */
export interface Performer {
  perform(input: unknown, scope: EffectScope): Promise<unknown>;
  readonly options: EffectOptions<unknown>;
}

type Wrap = (name: string, performer: Performer) => Performer['perform'];

/** The same type, and the same of its children, with `wrap` around each effect. XState promises, which nobody can look into, stay as they are. */
export function withEffects(type: ActorType, wrap: Wrap): ActorType {
  const { machine } = type.chart;
  const wrapped = Object.entries(machine.implementations.actors).flatMap(([name, logic]) => {
    const { effect } = logic as { effect?: Performer };
    if (!effect) return [];
    const around = { ...effect, perform: wrap(name, effect) };
    return [[name, Object.assign(Object.create(logic as object) as AnyActorLogic, { effect: around })] as const];
  });
  return {
    ...type,
    chart: { ...type.chart, machine: machine.provide({ actors: Object.fromEntries(wrapped) }) as typeof machine },
    child: eachChild(type, (child) => withEffects(child, wrap)),
  };
}

/** The children of a type, each changed once. */
export function eachChild(type: ActorType, change: (child: ActorType) => ActorType): ActorType['child'] {
  const changed = new Map<string, ActorType | undefined>();
  return (source) => {
    if (!changed.has(source)) {
      const child = type.child(source);
      changed.set(source, child && change(child));
    }
    return changed.get(source);
  };
}

/** An option as it holds for one input. */
export const optionFor = <T>(option: T | ((input: unknown) => T) | undefined, input: unknown, fallback: T): T =>
  typeof option === 'function' ? (option as (input: unknown) => T)(input) : (option ?? fallback);
