/** Reads the messages of one subject, and the last messages of given ones. */
import { messageFromLeader, type JetStreamApi, type StreamMessage } from './api.ts';
import { directBatch } from './batches.ts';

/**
 * The messages of a subject in order after a sequence, with all that were acknowledged before the call. In a cluster the reads of many messages are answered
 * by any server, which may lag behind: so the leader says where the subject begins and ends, and returns what another server does not have yet.
 * `end`: the sequence of its last message, where the leader has just said it.
 */
export async function* readSubject(
  api: JetStreamApi,
  stream: string,
  subject: string,
  after: number,
  end?: number,
): AsyncGenerator<StreamMessage> {
  const next = (sequence: number) => messageFromLeader(api, stream, { seq: sequence, next_by_subj: subject });
  const [first, last] = await Promise.all([
    next(after + 1),
    end ?? messageFromLeader(api, stream, { last_by_subj: subject }).then((found) => found?.sequence),
  ]);
  if (!first || last === undefined || first.sequence > last) return;
  yield first;
  for (let at = first.sequence; at < last;) {
    const batch = await directBatch(api, stream, {
      seq: at + 1,
      next_by_subj: subject,
      batch: 512,
      max_bytes: 4_000_000,
    });
    const [one] = batch.messages.length > 0 ? [] : [await next(at + 1)];
    const found = one ? [one] : batch.messages;
    if (found.length === 0) return; // Deleted meanwhile.
    for (const message of found) {
      at = message.sequence;
      if (at > last) return;
      yield message;
    }
  }
}

/** The last messages of subjects, in any order; those without one are left out. May lag behind. */
export async function* lastOfEach(
  api: JetStreamApi,
  stream: string,
  subjects: readonly string[],
): AsyncGenerator<StreamMessage> {
  for (let from = 0; from < subjects.length; from += atOnce) {
    const wanted = new Set(subjects.slice(from, from + atOnce));
    while (wanted.size > 0) {
      const { messages, pending } = await directBatch(api, stream, { multi_last: [...wanted], max_bytes: 8_000_000 });
      for (const message of messages) if (wanted.delete(message.subject)) yield message;
      if (pending !== undefined && (pending === 0 || messages.length === 0)) break;
      if (pending !== undefined) continue;
      // This server, or the stream as its operator has set it up, has no such reads.
      const asked = [...wanted].map((subject) => messageFromLeader(api, stream, { last_by_subj: subject }));
      for (const message of await Promise.all(asked)) if (message) yield message;
      break;
    }
  }
}

/** The server refuses to look up more than 1,024 subjects at once. */
const atOnce = 500;
