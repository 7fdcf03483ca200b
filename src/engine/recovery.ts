/** Recovers a stored run: loads the actors that were active, finds the children that were never started, and stops those whose parent no longer waits for them. */
import type { ActorStatus } from '../contracts/inspection.ts';
import { toFailure, TroupeError, type Failure } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import type { StoredActor } from '../contracts/commit.ts';
import type { PendingChild } from '../contracts/pending.ts';
import type { Journal } from '../journal/journal.ts';
import type { ActorType } from '../core/actorType.ts';
import { unwrapSnapshot } from '../core/snapshot.ts';
import { unsettledEntries } from '../core/unsettledEffects.ts';

/** A stored actor, and its type. */
export interface RecoveredActor {
  readonly type: ActorType;
  readonly stored: StoredActor;
}

/** Every actor that should be active: the root, and the children an active parent waits for. Parents come before their children. */
export interface RecoveredRun {
  readonly actors: RecoveredActor[];
  /** Children whose parent committed the spawn and that have no commit of their own. */
  readonly unspawned: { readonly parent: Address; readonly pending: PendingChild }[];
}

/** Loads every actor of a run that should be active. Throws `incompatible` when the type of a child is gone. */
export async function loadRun(journal: Journal, type: ActorType, root: StoredActor): Promise<RecoveredRun> {
  const recovered: RecoveredRun = { actors: [], unspawned: [] };
  if (root.status === 'active') await addWithDescendants(journal, { type, stored: root }, recovered);
  return recovered;
}

async function addWithDescendants(journal: Journal, parent: RecoveredActor, recovered: RecoveredRun): Promise<void> {
  recovered.actors.push(parent);
  const children = parent.stored.pending.filter((pending) => pending.kind === 'child');
  const loaded = await Promise.all(
    children.map(async (pending) => ({
      pending,
      stored: await journal.load(pending.data.address),
    })),
  );
  for (const { pending, stored } of loaded) {
    // The message that an ended child sends is on its way, or is sent again.
    if (stored?.status === 'active')
      await addWithDescendants(journal, { type: childType(parent, pending), stored }, recovered);
    else if (!stored) recovered.unspawned.push({ parent: parent.stored.actor, pending });
  }
}

function childType({ type, stored }: RecoveredActor, { data }: PendingChild): ActorType {
  const { src, address } = data;
  const child = type.child(src);
  if (child) return child;
  throw new TroupeError(
    'incompatible',
    `${stored.actor} has the child ${address}, and its actor "${src}" is gone from "${type.name}". It stays as it is; run it with the version that wrote it.`,
  );
}

/** Why an actor type cannot continue a stored run: a reason for each actor that does not fit, none when it can. Takes no lease and changes nothing. */
export async function incompatibilities(journal: Journal, type: ActorType, root: StoredActor): Promise<Failure[]> {
  try {
    const { actors } = await loadRun(journal, type, root);
    return actors.flatMap(({ type: actorType, stored }) => {
      try {
        unwrapSnapshot(actorType, stored);
        return [];
      } catch (thrown) {
        return [toFailure(thrown)];
      }
    });
  } catch (thrown) {
    return [toFailure(thrown)];
  }
}

/** Stops each active actor of a run that is not part of what was recovered: its parent stopped it, or ended, just before a crash. */
export async function stopOrphans(
  journal: Journal,
  run: string,
  recovered: ReadonlySet<Address>,
  epoch: number,
  now: number,
): Promise<void> {
  const active: ActorStatus = 'active';
  for (const { actor } of await journal.find({ run, status: active, limit: 1_000_000 })) {
    const orphan = recovered.has(actor) ? undefined : await journal.load(actor);
    if (!orphan) continue;
    const { pending, results: _results, lists: _lists, ...row } = orphan;
    const event = { id: `${actor}/stop`, type: 'troupe.stop', body: 'its parent ended' };
    const closes = pending.flatMap(({ kind, key }) => (kind === 'message' ? [] : [key]));
    await journal.commit({
      ...row,
      status: 'stopped',
      updated: now,
      seq: row.seq + 1,
      epoch,
      event,
      opens: [],
      closes,
      results: [],
      appends: unsettledEntries(pending),
    });
  }
}
