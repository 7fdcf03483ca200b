/**
 * The content of an artifact: a value as JSON, a text, bytes, or a stream of bytes. Small ones are in the record of the artifact, large ones are stored under their hash; what
 * is loaded is what was saved, and a stream can be read again as often as wanted.
 */
import { createHash } from 'node:crypto';
import type { FlowArtifactRecord } from '../contracts/flow/record.ts';
import { TroupeError } from '../values/failure.ts';
import type { Json } from '../values/json.ts';
import { withoutSecrets } from './withoutSecrets.ts';
import { decodeValue, encodeValue, type EncodedValue } from './encode.ts';

/** A longer content is stored beside the journal; bytes. */
const longestInline = 64 * 1024;

/** What a record says about its content. */
export type ContentRecord = Pick<FlowArtifactRecord, 'content' | 'hash' | 'bytes' | 'value' | 'encoded' | 'mediaType'>;

/** Stores large contents and reads them. */
export interface ContentStore {
  put(parts: AsyncIterable<Uint8Array>): Promise<{ readonly hash: string; readonly bytes: number }>;
  get(hash: string): AsyncIterable<Uint8Array>;
  /** Hides what must not be stored, in texts and in values; streams and bytes are stored as they are. Nothing by default. */
  readonly redact?: ((text: string) => string) | undefined;
}

/** What `ctx.load` gives for a stream that was saved: its bytes, in parts, as often as they are asked for. */
export interface StreamedContent extends AsyncIterable<Uint8Array> {
  /** SHA-256 of the content, in hexadecimal. */
  readonly hash: string;
  /** Its length in bytes. */
  readonly size: number;
  /** What it is, such as `text/csv`; undefined when that was not said. */
  readonly mediaType: string | undefined;
  /** All of it, as a text in UTF-8. */
  text(): Promise<string>;
  /** All of it, in memory. */
  read(): Promise<Uint8Array>;
}

/** Saves what `ctx.save` is given. Throws `code` with the place of what cannot be stored; what a stream throws is passed on. */
export async function saveContent(what: string, value: unknown, store: ContentStore): Promise<ContentRecord> {
  const { redact } = store;
  if (typeof value === 'string') {
    const text = redact ? redact(value) : value;
    return saveBytes('text', new TextEncoder().encode(text), { json: text }, store);
  }
  if (value instanceof Uint8Array || value instanceof ArrayBuffer) {
    const bytes = Buffer.from(value instanceof ArrayBuffer ? new Uint8Array(value) : value);
    return saveBytes('bytes', bytes, asTagged(bytes), store);
  }
  const stream = streamOf(value);
  if (stream) return saveStream(what, stream, store);
  const { json: whole, encoded } = encodeValue(what, value);
  const json = redact ? withoutSecrets(whole, redact) : whole;
  const bytes = new TextEncoder().encode(JSON.stringify(json));
  return saveBytes(undefined, bytes, { json, ...(encoded ? { encoded } : {}) }, store);
}

/** Small bytes, as a value that JSON does not have. */
const asTagged = (bytes: Uint8Array): EncodedValue => encodeValue('Bytes', new Uint8Array(bytes));

async function saveBytes(
  content: ContentRecord['content'],
  bytes: Uint8Array,
  { json, encoded }: EncodedValue,
  store: ContentStore,
): Promise<ContentRecord> {
  const kind = content === undefined ? {} : { content };
  const tags = encoded ? { encoded } : {};
  // What large bytes are needs no tag.
  if (bytes.length > longestInline)
    return { ...kind, ...(content === undefined ? tags : {}), ...(await store.put(once(bytes))) };
  const hash = createHash('sha256').update(bytes).digest('hex');
  return { ...kind, hash, bytes: bytes.length, value: json, ...tags };
}

/** Reads ahead until it is known whether it is small. */
async function saveStream(what: string, stream: AsyncIterable<unknown>, store: ContentStore): Promise<ContentRecord> {
  const parts = bytesIn(what, stream)[Symbol.asyncIterator]();
  const head: Uint8Array[] = [];
  for (let length = 0; ;) {
    const next = await parts.next();
    if (next.done) {
      const bytes = Buffer.concat(head);
      return saveBytes('stream', bytes, asTagged(bytes), store);
    }
    head.push(next.value);
    length += next.value.length;
    if (length > longestInline) break;
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    yield* head.splice(0);
    yield* { [Symbol.asyncIterator]: () => parts };
  }
  return { content: 'stream', ...(await store.put(all())) };
}

function streamOf(value: unknown): AsyncIterable<unknown> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  // Of every stream and generator; a Blob has a stream.
  if (Symbol.asyncIterator in value) return value as AsyncIterable<unknown>;
  return value instanceof Blob ? (value.stream() as AsyncIterable<unknown>) : undefined;
}

async function* bytesIn(what: string, stream: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const part of stream) {
    if (part instanceof Uint8Array) yield part;
    else if (typeof part === 'string') yield new TextEncoder().encode(part);
    else
      throw new TroupeError(
        'code',
        `${what} cannot be stored: a stream gives bytes or texts; a part of this one is ${part === null ? 'null' : `a ${typeof part}`}.`,
        { data: { reason: 'serialization' } },
      );
  }
}

/** What was saved. Throws `storage` when the content is not there any more, `corrupt` when it was changed. */
export async function loadContent(record: ContentRecord, store: Pick<ContentStore, 'get'>): Promise<unknown> {
  const { content, value, encoded, hash, bytes: size, mediaType } = record;
  const parts = () => contentParts(record, store);
  switch (content) {
    case 'text':
      return value ?? textOf(parts());
    case 'bytes':
      return bytesOfAll(parts());
    case 'stream':
      return {
        hash,
        size,
        mediaType,
        text: () => textOf(parts()),
        read: () => bytesOfAll(parts()),
        [Symbol.asyncIterator]: () => parts()[Symbol.asyncIterator](),
      } satisfies StreamedContent;
    case undefined: {
      const json = value === undefined ? (JSON.parse(await textOf(parts())) as Json) : value;
      return decodeValue({ json, ...(encoded ? { encoded } : {}) });
    }
  }
}

/** The bytes of a content, in parts. */
export function contentParts(
  { content, value, encoded, hash }: ContentRecord,
  store: Pick<ContentStore, 'get'>,
): AsyncIterable<Uint8Array> {
  if (value === undefined) return store.get(hash);
  if (content === undefined) return once(new TextEncoder().encode(JSON.stringify(value)));
  const decoded = decodeValue({ json: value, ...(encoded ? { encoded } : {}) });
  // What `saveContent` has written.
  return once(typeof decoded === 'string' ? new TextEncoder().encode(decoded) : (decoded as Uint8Array));
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function bytesOfAll(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const read: Uint8Array[] = [];
  for await (const part of parts) read.push(part);
  return new Uint8Array(Buffer.concat(read));
}

const textOf = async (parts: AsyncIterable<Uint8Array>): Promise<string> =>
  new TextDecoder().decode(await bytesOfAll(parts));
