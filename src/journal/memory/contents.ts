/** What a journal in memory holds. */
import type { Envelope } from '../../contracts/envelope.ts';
import type { Address } from '../../values/ids.ts';
import type { ActorRow } from '../journal.ts';
import { emptyActor, type ActorContents, type KeptResult } from './endedActors.ts';

/** Who holds a run, and until when; milliseconds since the epoch, 0 for a lease that was released. */
export interface MemoryLease {
  readonly epoch: number;
  readonly owner: string;
  readonly until: number;
}

/** Everything that a journal in memory holds. */
export interface MemoryContents {
  readonly actors: Map<Address, ActorContents>;
  /** The same by run, in the order in which they were stored. */
  readonly byRun: Map<string, Set<ActorContents>>;
  /** The actor that has a pending entry, by the key of the entry. */
  readonly actorByPending: Map<string, ActorContents>;
  readonly results: Map<string, KeptResult>;
  readonly claims: Map<string, MemoryLease>;
  /** By owner: how many leases it holds, and until when all of them last at least. */
  readonly owners: Map<string, { held: number; until: number }>;
  /** The address of the root actor of every run that has not ended, by run. */
  readonly activeRoots: Map<string, Address>;
  /** By run, then by the message's id. */
  readonly mail: Map<string, Map<string, Envelope>>;
  position: number;
}

/** An empty journal's contents. */
export const emptyContents = (): MemoryContents => ({
  actors: new Map(),
  byRun: new Map(),
  actorByPending: new Map(),
  results: new Map(),
  claims: new Map(),
  owners: new Map(),
  activeRoots: new Map(),
  mail: new Map(),
  position: 0,
});

/** The actors of a run in the order in which they were stored, or all. */
export const keptActors = ({ actors, byRun }: MemoryContents, run: string | undefined): readonly ActorContents[] =>
  run === undefined ? [...actors.values()] : [...(byRun.get(run) ?? [])];

/** Adds an actor. */
export function insertActor({ actors, byRun }: MemoryContents, row: ActorRow): ActorContents {
  const kept = emptyActor(row);
  actors.set(row.actor, kept);
  const ofRun = byRun.get(row.run);
  if (ofRun) ofRun.add(kept);
  else byRun.set(row.run, new Set([kept]));
  return kept;
}

/** Closes a pending entry. */
export function closePending({ actorByPending }: MemoryContents, key: string): void {
  actorByPending.get(key)?.pending?.delete(key);
  actorByPending.delete(key);
}

/** Removes a message from the inbox of its run, which is there as long as a message waits in it. */
export function removeMail({ mail }: MemoryContents, run: string, id: string): void {
  const box = mail.get(run);
  if (box?.delete(id) && box.size === 0) mail.delete(run);
}
