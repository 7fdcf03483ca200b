/** The headers of a message. The server takes lines of text, so a value with other characters is written with "%" and its bytes. */
import type { MsgHdrs } from '@nats-io/transport-node';
import { headers } from '../../../nats/client.ts';
import { percentDecoded } from '../../../nats/percentDecoding.ts';

/** The server refuses a message when the last one of its subject has another sequence. */
const expectedHeader = 'Nats-Expected-Last-Subject-Sequence';
/** Where the body is, when it is larger than a message: see `parts.ts`. */
export const partsHeader = 'Troupe-Parts';

/** The headers of a message that is appended after the one with the sequence `expected`. `parts`: where its body is, if elsewhere. */
export function appendHeaders(own: Readonly<Record<string, string>>, expected: number, parts?: string): MsgHdrs {
  const all = headers();
  all.set(expectedHeader, String(expected));
  if (parts !== undefined) all.set(partsHeader, parts);
  for (const [name, value] of Object.entries(own)) all.set(name, encoded(value));
  return all;
}

/** Those headers of a stored message that its writer gave. */
export function ownHeaders(all: Readonly<Record<string, string>>): Record<string, string> {
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries(all))
    if (!name.startsWith('Nats-') && name !== partsHeader) own[name] = percentDecoded(value);
  return own;
}

/** The bytes that headers take in a message, with those that are added to them. */
export function sizeOfHeaders(own: Readonly<Record<string, string>>): number {
  let size = 256;
  for (const [name, value] of Object.entries(own)) size += name.length + encoded(value).length + 4;
  return size;
}

/** Headers as the client has them. */
export const plainHeaders = (all: MsgHdrs | undefined): Record<string, string> =>
  Object.fromEntries((all?.keys() ?? []).map((name) => [name, all?.get(name) ?? '']));

/** Headers as the API returns them: lines after the protocol's name. */
export function parseHeaders(block: string): Record<string, string> {
  const all: Record<string, string> = {};
  for (const line of block.split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    if (colon > 0) all[line.slice(0, colon)] = line.slice(colon + 1).trim();
  }
  return all;
}

/** Printable text without "%" stays as it is; the client would cut spaces at its ends. */
const encoded = (value: string): string =>
  /^(?! )[ -$&-~]*(?<! )$/.test(value) ? value : encodeURIComponent(value.toWellFormed());
