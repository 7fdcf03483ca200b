/** Sends one request over a connection, and reads its response within limits. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { TroupeError } from '../values/failure.ts';
import type { EgressResponse, CheckedRequest } from './shapes.ts';
import type { Destination } from './destination.ts';

/** What is read of a body that is not wanted, so that the other side can finish. */
const discardedBytes = 64 * 1_024;

/** How a response is read. */
export interface Reading {
  /** Bytes, packed and unpacked. */
  readonly maxBytes: number;
  /** The body is not wanted. */
  readonly discard: boolean;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Sends the request and resolves with the head of the response. The body is not read yet. */
export async function send(
  { method, headers, body }: CheckedRequest,
  { url, isEncrypted }: Destination,
  socket: Socket,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  // Not imported: an import of these modules loads all that they export, `WebSocket` included, which costs more than the rest of a start.
  const { request } = process.getBuiltinModule(isEncrypted ? 'node:https' : 'node:http');
  const message = request(url, {
    method,
    headers: {
      'accept-encoding': 'gzip, deflate, br',
      ...headers,
      ...(body === undefined ? {} : { 'content-length': String(body.length) }),
    },
    // A connection of its own, without an agent: no pool, and no proxy from the environment.
    createConnection: () => socket,
    signal,
  });
  message.on('error', () => {});
  message.end(body);
  const response = once(message, 'response', { signal }) as Promise<[IncomingMessage]>; // What the event brings, by Node's documentation.
  // Without a response, such as after an upgrade that was not asked for, only the end of the connection is told.
  const closed = once(message, 'close', { signal }).then(() => {
    throw Object.assign(new Error('The connection was closed without a response.'), { code: 'ECONNRESET' });
  });
  closed.catch(() => {});
  const [head] = await Promise.race([response, closed]);
  head.on('error', () => {});
  return head;
}

/** Status, headers and body. Throws `denied` for a body that is too large, and `environment` for one that cannot be unpacked. */
export async function read(head: IncomingMessage, { shown }: Destination, reading: Reading): Promise<EgressResponse> {
  const { statusCode: status = 0 } = head;
  const headers = headersOf(head);
  if (reading.discard) {
    await bytesOfBody(head, discardedBytes).catch(() => {});
    return { status, headers, body: new Uint8Array() };
  }
  const { maxBytes } = reading;
  const tooLarge = () =>
    new TroupeError(
      'denied',
      `The response of ${shown} was denied: it is larger than ${maxBytes} bytes. Ask for less of it.`,
    );
  const packed = await bytesOfBody(head, maxBytes);
  if (packed === undefined) throw tooLarge();
  const encoding = (headers['content-encoding'] ?? '').trim().toLowerCase();
  try {
    return { status, headers, body: await unpacked(packed, encoding, maxBytes) };
  } catch (thrown) {
    if (thrown instanceof RangeError || codeOf(thrown) === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    const what = encodings.has(encoding) ? 'cannot be unpacked' : 'has an encoding that is not known';
    throw new TroupeError('environment', `The response of ${shown} ${what}.`);
  }
}

/** The bytes as they came; undefined when there are more than `most`. The connection is then cut. */
async function bytesOfBody(head: IncomingMessage, most: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of head as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const encodings = new Map([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
]);

async function unpacked(packed: Buffer, encoding: string, maxBytes: number): Promise<Uint8Array> {
  if (packed.length === 0 || encoding === '' || encoding === 'identity') return packed;
  const unpack = encodings.get(encoding);
  if (!unpack) throw new Error(encoding);
  return await unpack(packed, { maxOutputLength: maxBytes });
}

const headersOf = ({ headers }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : (value ?? []).join(', '),
    ]),
  );

const codeOf = (thrown: unknown): unknown => (thrown instanceof Error && 'code' in thrown ? thrown.code : undefined);
