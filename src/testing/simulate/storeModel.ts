/**
 * A model of a shared journal: a journal in memory to which everything is applied at the moment at which the store takes it. It knows nothing of segments,
 * trims and take-overs, so what the processes read must be what the model has.
 */
import type { Journal } from '../../journal/journal.ts';
import type { MemoryContents } from '../../journal/memory/contents.ts';
import type { Envelope } from '../../contracts/envelope.ts';
import { decodeEntry, entryKind } from '../../journal/shared/entry.ts';
import { segmentHead } from '../../journal/shared/segment.ts';
import type { FencedLogs } from '../../journal/shared/store.ts';
import { callMethod } from '../world/intercept.ts';
import type { WorldStore } from '../world/faultyStore.ts';
import type { Recorder } from '../world/recorder.ts';

/** Applies what is stored from now on to the journal of a recorder, which is over these contents. */
export function followStore({ collections }: WorldStore, recorder: Recorder, contents: MemoryContents): void {
  const { journal } = recorder;
  const mailed = new Map<string, Envelope>();
  /** Refused as every process refuses it. */
  const apply = (method: string, args: readonly unknown[]) => {
    const applied = callMethod(journal, method, args);
    if (applied instanceof Promise) applied.catch(() => {});
  };
  onAppend(collections.runs, (run, message) => {
    const head = segmentHead(message);
    if (!head) return;
    const { epoch, owner } = head;
    contents.claims.set(run, { epoch, owner: owner ?? '', until: owner === undefined ? 0 : Infinity });
    recorder.claimed(run, epoch);
  });
  onAppend(collections.logs, (process, message) => {
    if (entryKind(message).entry === undefined) return;
    for (const [, writes] of decodeEntry(process, message).parts)
      for (const [method, args] of writes) apply(method, args);
  });
  onAppend(collections.mail, (name, { body }) => {
    // `post` stores the envelope as JSON.
    const envelope = JSON.parse(new TextDecoder().decode(body)) as Envelope;
    mailed.set(name, envelope);
    apply('post', [envelope]);
  });
  const { remove } = collections.mail;
  collections.mail.remove = async (name) => {
    await remove(name);
    const envelope = mailed.get(name);
    if (envelope) apply('dropMail', [envelope.run, envelope.id]);
  };
}

/** Calls with each message that is stored, at once. */
function onAppend(
  logs: FencedLogs,
  call: (
    name: string,
    message: { sequence: number; headers: Readonly<Record<string, string>>; body: Uint8Array },
  ) => void,
): void {
  const { append } = logs;
  logs.append = async (name, expected, message) => {
    const sequence = await append(name, expected, message);
    if (sequence !== undefined) call(name, { sequence, ...message });
    return sequence;
  };
}

/** The commits of a run as one text, to be compared. */
export const historyText = async (journal: Journal, run: string): Promise<string> =>
  JSON.stringify(
    (await journal.history({ run, limit: 1_000_000 })).map(({ actor, seq, epoch, state, event }) => [
      actor,
      seq,
      epoch,
      state,
      event.id,
    ]),
  );
