/** What the tests of the journal contract commit and expect. */
import { expect } from 'vitest';
import type { Envelope } from '../../../contracts/envelope.ts';
import type { EffectData } from '../../../contracts/pending.ts';
import type { Commit, Journal } from '../../../journal/journal.ts';
import { present } from '../../present.ts';
import { commitFor as commitWith, commitTime } from '../commit.ts';

/** The journal under test, as its author describes it. */
export interface JournalCase {
  /** Opens a fresh, empty journal. */
  open(): Promise<Journal>;
  /** Opens the same stored journal as another process would; leave it out when nothing is stored. */
  again?: (journal: Journal) => Promise<Journal>;
  /** Makes the lease of an owner end, as when its process dies. Leave it out where the time in a claim decides. */
  forfeit?: (journal: Journal, owner: string) => Promise<void>;
  /** Closes the journal, flips one bit wherever its store has this text, and opens it as another process would. Leave it out when nothing is stored. */
  damaged?: (journal: Journal, text: string) => Promise<Journal>;
}

/** Opens the journal of a case, with its run `r` claimed by `me` for a second. */
export async function begin({ open }: JournalCase): Promise<Journal> {
  const journal = await open();
  await journal.claim('r', 'me', { now: commitTime, ttl: 1_000 });
  return journal;
}

/** Vitest types its asymmetric matchers as any value. */
export const asymmetric = (matcher: unknown): unknown => matcher;

/** Matches the error by which a journal refuses something. */
export const refusedWith = (kind: string, data?: object) =>
  expect.objectContaining({
    name: 'TroupeError',
    kind,
    ...(data ? { data: asymmetric(expect.objectContaining(data)) } : {}),
  });

/** A commit of the run `r`; the address of an actor begins with the id of its run. */
export const commitOf = (over: Partial<Commit> = {}) => commitWith({ actor: 'agent/r.a', ...over });

/** What an effect was asked. */
export const asked: EffectData = { id: 'x', src: 's', input: null };

/** A message under a key. */
export const message = (key: string, over: Partial<Envelope> = {}): Envelope => {
  return { id: key, type: 'pong', body: {}, from: 'agent/r.a', to: 'door/x', run: 'r', kind: 'reply', ...over };
};

/** The position of an entry that must be there. */
export const positionOf = (entry: { readonly position: number } | undefined): number =>
  present(entry, 'The history entry').position;

/** A dead letter, as an entry of the list of its actor. */
export const dead = (id: string, to = 'agent/r.a') => {
  const failure = { kind: 'unknown_recipient', message: 'Nobody.', retryable: false } as const;
  return {
    list: 'dead',
    entry: { id, type: 'pong', from: 'agent/r.a', to, body: {}, at: commitTime, failure },
  } as const;
};
