/** Replaces how the effects of an actor type are performed, so that they can be counted, delayed, recorded or answered from a recording. */
import type { AnyActorLogic, AnyStateMachine } from 'xstate';
import type { EffectOptions, EffectScope } from '../contracts/effect.ts';
import type { ActorType } from '../core/actorType.ts';
import { lightCopy } from '../core/lightCopy.ts';

/** What `effect()` attaches to the actor logic that it returns. */
export interface Performer {
  /** Performs the effect once. Rejects with whatever the effect throws. */
  perform(input: unknown, scope: EffectScope): Promise<unknown>;
  /** What the effect declares about itself: its kind, idempotency and retries. */
  readonly options: EffectOptions<unknown>;
}

type Wrap = (name: string, performer: Performer) => Performer['perform'];

/** What a machine was given in setup({ actors }), by name: machines, effects and promises. */
export const actorLogics = ({ implementations }: AnyStateMachine): Readonly<Record<string, AnyActorLogic>> =>
  // XState's type also allows { src, input }, which setup() does not produce.
  implementations.actors as Readonly<Record<string, AnyActorLogic>>;

/** The performer of an effect; undefined for a machine and for a plain XState promise, which have none. */
export const performerOf = (logic: unknown): Performer | undefined =>
  // `effect()` attaches it to the logic; XState's types do not know of it.
  (logic as { readonly effect?: Performer } | undefined)?.effect;

/** The same actor type, and the same for its children, with `wrap` around each effect. Plain XState promises cannot be wrapped and stay as they are. */
export function wrapEffects(type: ActorType, wrap: Wrap): ActorType {
  const { machine } = type.chart;
  const wrapped = Object.entries(actorLogics(machine)).flatMap(([name, logic]) => {
    const effect = performerOf(logic);
    if (!effect) return [];
    const wrapper: Performer = { ...effect, perform: wrap(name, effect) };
    // The copy inherits everything else from the original logic.
    return [[name, Object.assign(Object.create(logic) as AnyActorLogic, { effect: wrapper })] as const];
  });
  return {
    ...type,
    chart: { ...type.chart, machine: lightCopy(machine, { actors: Object.fromEntries(wrapped) }) },
    child: mapChildren(type, (child) => wrapEffects(child, wrap)),
  };
}

/** The children of an actor type, each changed when it is first asked for and then remembered. */
export function mapChildren(type: ActorType, change: (child: ActorType) => ActorType): ActorType['child'] {
  const changed = new Map<string, ActorType | undefined>();
  return (source) => {
    if (!changed.has(source)) {
      const child = type.child(source);
      changed.set(source, child && change(child));
    }
    return changed.get(source);
  };
}

/** An option's value for one input: options of effects may be functions of the input. `fallback` when the option is not set. */
export const optionFor = <T>(option: T | ((input: unknown) => T) | undefined, input: unknown, fallback: T): T =>
  typeof option === 'function' ? (option as (input: unknown) => T)(input) : (option ?? fallback);
