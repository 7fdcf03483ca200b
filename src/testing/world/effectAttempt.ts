/** What is known of one attempt at an effect: its key, and what may happen when it is repeated. */
import type { EffectKind, EffectScope } from '../../contracts/effect.ts';
import { optionFor, type Performer } from '../effects.ts';

/** One attempt, as far as promises are judged by it. */
export interface EffectAttempt {
  readonly actor: string;
  /** The effect's name in its machine. */
  readonly name: string;
  /** The idempotency key, the same for every attempt. */
  readonly key: string;
  readonly kind: EffectKind;
  /** May it be performed before the commit that asks for it is stored? */
  readonly eager: boolean;
  /** Does the receiver honour the key? */
  readonly idempotent: boolean;
}

/** The attempt that a performer makes for this input; options that depend on the input are asked. */
export const attemptOf = (
  name: string,
  { options }: Performer,
  input: unknown,
  { actor, key }: Pick<EffectScope, 'actor' | 'key'>,
): EffectAttempt => ({
  actor,
  name,
  key,
  kind: optionFor<EffectKind>(options.kind, input, 'read'),
  eager: options.eager === true,
  idempotent: optionFor(options.idempotent, input, false),
});

/** A write whose receiver does not honour the key: repeated, it happens twice. */
export const isUnkeyedWrite = ({ kind, idempotent }: EffectAttempt): boolean => kind === 'write' && !idempotent;
