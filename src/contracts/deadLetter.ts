/** A message that no actor took, as it is stored (E10). */
import type { Envelope } from './envelope.ts';
import type { Failure } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import type { Json } from '../values/json.ts';

/** The name of the list, in the recipient's row, that holds them. */
export const deadLetterList = 'dead';

/** A message that no actor took. */
export interface DeadLetter {
  /** The id of the message, under which its sender knows it. */
  readonly id: string;
  /** The name of the message. */
  readonly type: string;
  /** The address of its sender. */
  readonly from: Address;
  /** The recipient; for an event a machine sent to no existing actor, in the machine's words. */
  readonly to: string;
  /** What the message said. */
  readonly body: Json;
  /** The kind of the message, where it is known. */
  readonly kind?: Envelope['kind'];
  /** When it was given up; milliseconds since the epoch. */
  readonly at: number;
  /** Why no actor took it. */
  readonly failure: Failure;
}
