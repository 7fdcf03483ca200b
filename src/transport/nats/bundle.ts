/**
 * What one process has for another at one moment, as one NATS message: messages to its actors, acknowledgements and refusals. A message in a bundle costs a
 * part of one that travels by itself, because the server routes, and both sides read, one message for all of them.
 */
import * as z from 'zod';
import type { Msg } from '@nats-io/transport-node';
import { Failure, TroupeError } from '../../values/failure.ts';
import { isJsonObject, type Json } from '../../values/json.ts';

/** A message in a bundle: the token by which it is acknowledged, its envelope without the body, and the body. */
export type BundledMessage = readonly [token: string, heading: Json, body: Json];

/** A decoded bundle. */
export interface Bundle {
  readonly messages: readonly BundledMessage[];
  /** Tokens of messages that were accepted. */
  readonly accepted: readonly string[];
  /** Tokens of messages that were refused, and why. */
  readonly refused: readonly (readonly [token: string, failure: Failure])[];
}

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

/** Throws `invalid` when the payload is no bundle: any client of the server can send anything. Of one that is, parts that are none are left out. */
export function decodeBundle(message: Pick<Msg, 'string' | 'subject'>): Bundle {
  const { messages = [], accepted = [], refused = [] } = frameOf(message);
  // Checked by hand: every message of the bus passes here, and a schema would cost as much as parsing the text.
  if (!Array.isArray(messages) || !Array.isArray(accepted) || !Array.isArray(refused)) throw noBundle(message.subject);
  return {
    messages: messages.filter(isBundledMessage),
    accepted: accepted.filter(isText),
    refused: refused.flatMap(refusalIn),
  };
}

function frameOf(message: Pick<Msg, 'string' | 'subject'>): Readonly<Record<string, Json>> {
  try {
    const json: Json = JSON.parse(message.string());
    if (isJsonObject(json)) return json;
  } catch (cause) {
    throw noBundle(message.subject, cause);
  }
  throw noBundle(message.subject);
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isBundledMessage = (value: unknown): value is BundledMessage =>
  Array.isArray(value) && value.length === 3 && isText(value[0]);

const Refusal = z.tuple([z.string(), Failure]);
const refusalIn = (value: unknown): [string, Failure][] => {
  const parsed = Refusal.safeParse(value);
  return parsed.success ? [parsed.data] : [];
};

const noBundle = (subject: string, cause?: unknown) =>
  new TroupeError('invalid', `What came on ${subject} is no bundle of messages.`, { cause });
