/** A message on its way, as it was when it was sent (T5): by itself, or as a part of a bundle. */
import type { MsgHdrs } from '@nats-io/transport-node';
import type { Envelope } from '../../contracts/envelope.ts';
import { blobHeader } from '../../nats/bodies.ts';
import { copyJson } from '../../values/copyJson.ts';
import { encodeHeaders, encodeText, headingOf, type Heading } from './codec.ts';

/** Encoded as it is needed, since it may be sent again in another way. */
export class Parcel {
  readonly heading: Heading;
  readonly #body: string;
  /** The name of the object that holds the body. */
  #blob: string | undefined;

  constructor(envelope: Envelope) {
    this.heading = headingOf(envelope);
    this.#body = JSON.stringify(copyJson(envelope.body));
  }

  /** How many characters the body has. */
  get characters(): number {
    return this.#body.length;
  }

  /** The bytes of the body, when they are more than `limit`. */
  largerThan(limit: number): Uint8Array | undefined {
    if (this.#body.length * 3 <= limit) return undefined; // A character has at most three bytes.
    const payload = encodeText(this.#body);
    return payload.length > limit ? payload : undefined;
  }

  /** The body is in the object store under this name. */
  storedAs(name: string): void {
    this.#blob = name;
  }

  /** A NATS message of its own. */
  plain(): { payload: Uint8Array; headers: MsgHdrs } {
    const headers = encodeHeaders(this.heading);
    if (this.#blob === undefined) return { payload: encodeText(this.#body), headers };
    headers.set(blobHeader, this.#blob);
    return { payload: new Uint8Array(), headers };
  }

  /** A part of a bundle. `token` is letters and digits. */
  bundled(token: string): string {
    return `["${token}",${JSON.stringify(this.heading)},${this.#body}]`;
  }
}
