/** A message that nobody took, as it is kept (E10). */
import type { Envelope } from './envelope.ts';
import type { Failure } from './failure.ts';
import type { Address } from './ids.ts';
import type { Json } from './json.ts';

/** The list of an actor that holds them. */
export const deadLetters = 'dead';

/** A message that no actor took. */
export interface DeadLetter {
  readonly id: string;
  readonly type: string;
  readonly from: Address;
  /** Whom it was for; of an actor's own that went astray, in the actor's words. */
  readonly to: string;
  readonly body: Json;
  /** As what it was sent, where that is known. */
  readonly kind?: Envelope['kind'];
  /** When it was given up; milliseconds since the epoch. */
  readonly at: number;
  readonly failure: Failure;
}
