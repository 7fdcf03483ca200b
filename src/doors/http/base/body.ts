/** Reads the body of a request: never more than its limit, whatever its headers say. */
import { HttpRefusal } from './refusal.ts';

/** The largest body by default: 10 MB. */
export const defaultBodyLimit = 10 * 1024 * 1024;

/** The bytes of the body. Throws a refusal: 413 beyond the limit, 415 for a compressed body, 400 when the connection broke. */
export async function readBody(request: Request, limit: number): Promise<Uint8Array> {
  const encoding = request.headers.get('content-encoding');
  if (encoding !== null && encoding.trim().toLowerCase() !== 'identity')
    throw new HttpRefusal(415, 'invalid', 'Compressed bodies are not accepted. Send the body as it is.', {
      headers: { 'accept-encoding': 'identity' },
    });
  const length = request.headers.get('content-length');
  if (Number(length ?? 0) > limit) throw tooLarge(limit);
  // A connection gives no more than was said: it need not be read piece by piece.
  if (length !== null) return withinLimit(new Uint8Array(await request.arrayBuffer().catch(cutOff)), limit);
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = request.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(cutOff);
    if (done) return joined(chunks, size);
    size += value.byteLength;
    if (size > limit) {
      // Nobody waits for the rest; that it cannot be stopped changes nothing.
      reader.cancel().catch(() => {});
      throw tooLarge(limit);
    }
    chunks.push(value);
  }
}

function cutOff(cause: unknown): never {
  throw new HttpRefusal(400, 'invalid', 'The body was cut off. Send the request again.', { cause });
}

function withinLimit(bytes: Uint8Array, limit: number): Uint8Array {
  if (bytes.byteLength > limit) throw tooLarge(limit);
  return bytes;
}

const tooLarge = (limit: number) =>
  new HttpRefusal(413, 'invalid', `The body is larger than the ${limit} bytes that are accepted. Send less.`, {
    headers: { connection: 'close' },
  });

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [first] = chunks;
  if (chunks.length === 1 && first) return first;
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}
