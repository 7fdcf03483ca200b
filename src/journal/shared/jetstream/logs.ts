/** A collection of fenced logs: a log is a subject of a stream, and the server compares the sequence that an append expects with that of the subject's last message. */
import { shortDigest } from '../../chain.ts';
import type { FencedLogs, LogHead, StoredMessage } from '../store.ts';
import { messageFromLeader, type JetStreamApi, type StreamMessage } from './api.ts';
import { isMissing, isRefused, isTooLarge, isUnheard, storeFailure } from './failures.ts';
import { appendHeaders, ownHeaders, partsHeader, sizeOfHeaders } from './headers.ts';
import { lastOfAll } from './heads.ts';
import type { Parts } from './parts.ts';
import { lastOfEach, readSubject } from './reads.ts';
import { logNameOf, tokensOf } from './subjects.ts';
import { subjectsOf } from './subjectList.ts';

/** Where a collection is. */
export interface LogsOptions {
  readonly api: JetStreamApi;
  readonly stream: string;
  /** The subject above those of the logs. */
  readonly prefix: string;
  readonly parts: Parts;
  /** Bytes of headers and body that one message may have now. */
  limit(): number;
  /** Called with each message that the server has acknowledged or returned. `digest`: where it is known, what the message says; called later, if at all. */
  readonly onSeen: (sequence: number, digest?: () => string) => void;
}

/** The digest of a message. `parts`: where its body is, if elsewhere. */
export const messageDigest = (subject: string, parts: string | undefined, body: Uint8Array): string =>
  shortDigest(subject, parts ?? '', Buffer.from(body).toString('latin1'));

/** The logs below a subject of a stream. */
export function jetstreamLogs({ api, stream, prefix, parts, limit, onSeen }: LogsOptions): FencedLogs {
  const subjectOf = (name: string) => `${prefix}.${tokensOf(name)}`;
  const nameIn = (subject: string) => logNameOf(subject.slice(prefix.length + 1));

  /** Undefined when the message was deleted while its body was read. */
  async function toMessage(message: StreamMessage): Promise<StoredMessage | undefined> {
    const { sequence, subject, headers } = message;
    const reference = headers[partsHeader];
    onSeen(sequence, () => messageDigest(subject, reference, message.body));
    const body = reference === undefined ? message.body : await parts.get(message);
    return body && { sequence, headers: ownHeaders(headers), body };
  }
  function toHead({ sequence, subject, headers }: StreamMessage): LogHead | undefined {
    const name = nameIn(subject);
    return name === undefined ? undefined : { name, sequence, headers: ownHeaders(headers) };
  }

  async function told<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      throw storeFailure(thrown, stream, what);
    }
  }
  async function* eachTold<T>(what: string, found: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* found;
    } catch (thrown) {
      throw storeFailure(thrown, stream, what);
    }
  }

  const publish = async (
    name: string,
    expected: number,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
    reference?: string,
  ): Promise<number | undefined> => {
    try {
      const subject = subjectOf(name);
      const sequence = await api.publish(subject, body, appendHeaders(headers, expected, reference));
      onSeen(sequence, () => messageDigest(subject, reference, body));
      return sequence;
    } catch (thrown) {
      if (isRefused(thrown)) return undefined;
      // Nobody listens on the subject: either the stream is gone, or its server is not ready. Asking for the stream tells.
      if (isUnheard(thrown))
        await api.ask(`STREAM.INFO.${stream}`).catch((missing: unknown) => {
          if (isMissing(missing)) throw missing;
        });
      throw thrown;
    }
  };

  async function appendLarge(
    name: string,
    expected: number,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
  ): Promise<number | undefined> {
    const tokens = tokensOf(name);
    const reference = await parts.put(tokens, expected, body);
    const sequence = await publish(name, expected, headers, new Uint8Array(), reference);
    if (sequence === undefined) await parts.drop(tokens, reference).catch(() => {}); // Goes with the next messages of the log.
    return sequence;
  }

  async function last(name: string): Promise<StoredMessage | undefined> {
    for (;;) {
      const found = await messageFromLeader(api, stream, { last_by_subj: subjectOf(name) });
      const message = found && (await toMessage(found));
      if (!found || message) return message;
    }
  }
  async function* read(name: string, after: number, last?: StoredMessage): AsyncGenerator<StoredMessage> {
    for await (const found of readSubject(api, stream, subjectOf(name), after, last?.sequence)) {
      if (found.sequence === last?.sequence) yield last;
      else {
        const message = await toMessage(found);
        if (message) yield message;
      }
    }
  }
  async function* allHeads(after: number): AsyncGenerator<LogHead> {
    for await (const found of lastOfAll(api, stream, `${prefix}.>`, after)) {
      const head = toHead(found);
      if (head) yield head;
    }
  }
  const deleteFrom = (name: string, before?: number) =>
    told('delete messages of the shared journal', () =>
      parts.deleteWith(tokensOf(name), before ?? Infinity, () =>
        api.ask(`STREAM.PURGE.${stream}`, {
          filter: subjectOf(name),
          ...(before === undefined ? {} : { seq: before }),
        }),
      ),
    );

  return {
    append: (name, expected, { headers, body }) =>
      told('store it', async () => {
        if (sizeOfHeaders(headers) + body.length > limit()) return appendLarge(name, expected, headers, body);
        return publish(name, expected, headers, body).catch((thrown: unknown) => {
          if (isTooLarge(thrown) && body.length > 0) return appendLarge(name, expected, headers, body);
          throw thrown;
        });
      }),
    last: (name) => told('return the last message of a log', () => last(name)),
    read: (name, after = 0, last) => eachTold('return the messages of a log', read(name, after, last)),
    heads: (names) =>
      told('return the last messages of logs', async () => {
        const heads: LogHead[] = [];
        for await (const found of lastOfEach(api, stream, names.map(subjectOf))) {
          const head = toHead(found);
          if (head) heads.push(head);
        }
        return heads;
      }),
    allHeads: (after = 0) => eachTold('list the logs', allHeads(after)),
    names: (above) =>
      told('list the names of the logs', async () => {
        const subjects = await subjectsOf(api, stream, `${above === undefined ? prefix : subjectOf(above)}.>`);
        return [...subjects.keys()].flatMap((subject) => nameIn(subject) ?? []);
      }),
    lastSequence: () =>
      told('say how far the journal goes', async () => {
        const { state } = await api.ask<{ state: { last_seq: number } }>(`STREAM.INFO.${stream}`);
        onSeen(state.last_seq);
        return state.last_seq;
      }),
    async trim(name, before) {
      // The server takes a purge up to the first message for a purge of everything.
      if (before > 1) await deleteFrom(name, before);
    },
    remove: (name) => deleteFrom(name),
  };
}
