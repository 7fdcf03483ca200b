/**
 * What one process has for another at one moment, as one NATS message: messages to its actors, acknowledgements and refusals. A message in a bundle costs a
 * part of one that travels by itself, because the server routes, and both sides read, one message for all of them.
 */
import * as z from 'zod';
import type { Msg } from '@nats-io/transport-node';
import { Failure } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';

/** A message in a bundle: the token by which it is acknowledged, its envelope without the body, and the body. */
export type BundledMessage = readonly [token: string, heading: Json, body: Json];

/** Other keys are for later versions, and are ignored. */
const Bundle = z.object({
  messages: z.array(z.custom<BundledMessage>(isBundledMessage)).default([]),
  accepted: z.array(z.string()).default([]),
  refused: z.array(z.tuple([z.string(), Failure])).default([]),
});
/** A decoded bundle. */
export type Bundle = z.infer<typeof Bundle>;

/** How the tokens begin under which a process receives bundles. The tokens of its own messages are letters and digits. */
export const bundleToken = '+';

/** The parts of a bundle that wait to be sent. */
export interface BundleParts {
  /** Each as `Parcel.bundled` gives it. */
  readonly messages: string[];
  /** Tokens. */
  readonly accepted: string[];
  readonly refused: (readonly [token: string, failure: Failure])[];
}

/** The payload of a bundle. */
export function encodeBundle({ messages, accepted, refused }: BundleParts): string {
  const parts: string[] = [];
  if (accepted.length > 0) parts.push(`"accepted":${JSON.stringify(accepted)}`);
  if (refused.length > 0) parts.push(`"refused":${JSON.stringify(refused)}`);
  if (messages.length > 0) parts.push(`"messages":[${messages.join(',')}]`);
  return `{${parts.join(',')}}`;
}

/** Throws when the payload is no bundle: any client of the server can send anything. */
export const decodeBundle = (message: Pick<Msg, 'string'>): Bundle => Bundle.parse(JSON.parse(message.string()));

function isBundledMessage(value: unknown): value is BundledMessage {
  return Array.isArray(value) && value.length === 3 && typeof value[0] === 'string';
}
