/** What was really performed, attempt by attempt, and what kind of effect each was: the evidence that the promises are judged by. */
import type { EffectKind } from '../../contracts/effect.ts';
import type { ActorType } from '../../system/actorType.ts';
import { optionFor, withEffects } from '../effects.ts';

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
export const watched = (type: ActorType, tell: Tell): ActorType =>
  withEffects(type, (name, performer) => async (input, scope) => {
    const { key, actor } = scope;
    const kind = optionFor<EffectKind>(performer.options.kind, input, 'read');
    const idempotent = optionFor(performer.options.idempotent, input, false);
    const over = tell({ actor, name, key, input: JSON.stringify(input) ?? 'null', kind, idempotent });
    try {
      return await performer.perform(input, scope);
    } finally {
      over();
    }
  });
