/**
 * Bodies that are larger than a message: parts in a stream of their own, stored before the message that refers to them, and deleted with it. Parts of a
 * message that was refused or never came are deleted with the next messages of its log.
 */
import { TroupeError } from '../../../values/failure.ts';
import { messageFromLeader, type JetStreamApi, type StreamMessage } from './api.ts';
import { isTooLarge } from './failures.ts';
import { partsHeader } from './headers.ts';
import { readSubject } from './reads.ts';
import { subjectsOf } from './subjectList.ts';

/** The large bodies of one collection. */
export interface Parts {
  /** Stores a body for a message that is appended to a log after the one with the sequence `expected`; the result is the value of its header. */
  put(tokens: string, expected: number, body: Uint8Array): Promise<string>;
  /** Reads the body of a message; undefined when the message was deleted meanwhile. */
  get(message: StreamMessage): Promise<Uint8Array | undefined>;
  /** Deletes a body whose message was not stored. */
  drop(tokens: string, reference: string): Promise<void>;
  /** Deletes messages of a log, those before a sequence, by `purge`; then their bodies. */
  deleteWith(tokens: string, before: number, purge: () => Promise<unknown>): Promise<void>;
}

/** Where the parts are. */
export interface PartsOptions {
  readonly api: JetStreamApi;
  /** The stream of the messages that refer to parts, and the subject above their logs. */
  readonly messages: { readonly stream: string; readonly prefix: string };
  /** The stream of the parts, and the subject above those of this collection. */
  readonly stream: string;
  readonly prefix: string;
  /** Bytes that one message of the stream may have now. */
  limit(): number;
  /** A fresh id. */
  readonly newId: () => string;
}

/** The large bodies of a collection. */
export function bodyParts({ api, messages, stream, prefix, limit, newId }: PartsOptions): Parts {
  const subjectOf = (tokens: string, id: string) => `${prefix}.${tokens}.${id}`;
  const remove = (subject: string) => api.ask(`STREAM.PURGE.${stream}`, { filter: subject });

  async function store(subject: string, body: Uint8Array, size: number): Promise<number> {
    let count = 0;
    for (let at = 0; at < body.length; at += size) {
      await api.publish(subject, body.subarray(at, at + size));
      count++;
    }
    return count;
  }

  return {
    async put(tokens, expected, body) {
      const id = `${expected}-${newId()}`;
      const subject = subjectOf(tokens, id);
      // The operator of the stream may have lowered its limit since it was opened.
      const count = await store(subject, body, limit()).catch(async (thrown: unknown) => {
        if (!isTooLarge(thrown)) throw thrown;
        await remove(subject);
        return store(subject, body, smallPart);
      });
      return `${id} ${count} ${body.length}`;
    },
    async get(message) {
      const { id, count, length } = parse(message.headers[partsHeader]);
      const tokens = message.subject.slice(messages.prefix.length + 1);
      const found: Uint8Array[] = [];
      for await (const { body } of readSubject(api, stream, subjectOf(tokens, id), 0)) found.push(body);
      const body = Buffer.concat(found);
      if (found.length === count && body.length === length) return body;
      if (!(await messageFromLeader(api, messages.stream, { seq: message.sequence }))) return undefined;
      throw new TroupeError(
        'corrupt',
        `The body of message ${message.sequence} of ${messages.stream} is not whole: ${body.length} of ${length} bytes are in ${stream}. Put the server's store back.`,
      );
    },
    drop: async (tokens, reference) => void (await remove(subjectOf(tokens, parse(reference).id))),
    async deleteWith(tokens, before, purge) {
      const subjects = await subjectsOf(api, stream, subjectOf(tokens, '*'));
      const deleted = new Set<string>();
      let last = 0;
      if (subjects.size > 0)
        for await (const { sequence, headers } of readSubject(
          api,
          messages.stream,
          `${messages.prefix}.${tokens}`,
          0,
        )) {
          if (sequence >= before) break;
          last = sequence;
          deleted.add(subjectOf(tokens, parse(headers[partsHeader]).id));
        }
      await purge();
      for (const subject of subjects.keys()) {
        const expected = Number.parseInt(subject.slice(subject.lastIndexOf('.') + 1));
        // Behind an earlier message than the last one that was deleted nothing can be appended any more.
        if (deleted.has(subject) || (expected > 0 && expected < last)) await remove(subject);
      }
    },
  };
}

/** Bytes of a part in a stream that takes only small messages. */
const smallPart = 8_192;

function parse(reference = ''): { id: string; count: number; length: number } {
  const [id = '', count, length] = reference.split(' ');
  return { id, count: Number(count), length: Number(length) };
}
