/**
 * Claims runs: a run that nobody has, that is new, or whose process is dead. One segment moves what the dead process had in its log and names the new owner.
 *
 * A process has one claim of a run under way at a time. While it does not know whether it is stored, that is found out first, by whoever comes first in the
 * turn of the run: a claim that is asked for again goes on with it, or it is given back because nobody waits for it. So a stored claim has one holder here.
 *
 * A run that waits is claimed without being read: its last segment says all that the claim needs. The claim is refused when another segment came meanwhile.
 */
import { fencedError, ownedElsewhereError } from '../refusals.ts';
import { backoff } from '../../values/backoff.ts';
import { sleep, type Clock } from '../../values/clock.ts';
import { toFailure, TroupeError } from '../../values/failure.ts';
import { appendSegment } from './appendSegment.ts';
import type { HeldRun } from './heldRun.ts';
import { ownerOf } from './incarnationName.ts';
import type { Incarnation, UnsureClaim } from './incarnation.ts';
import type { Liveness } from './liveness.ts';
import { RunReplica } from './runReplica.ts';
import type { RunReader, StoredRun } from './runReader.ts';
import { encodeSegment, type IndexedRun } from './segment.ts';
import { presenceTtl, type SharedStore, type StoredMessage } from './store.ts';

/** What claims work with. */
export interface ClaimOptions {
  readonly store: SharedStore;
  readonly clock: Clock;
  readonly reader: RunReader;
  readonly liveness: Liveness;
  /** Did a note say, when they were listed last, that nobody has the run? */
  isNoted(run: string): boolean;
  /** A run that waits and that nobody has, and whose last segment has all of it, as of the last list of such runs. */
  atRest(run: string): IndexedRun | undefined;
}

/** The claims of this process. */
export class Claims {
  readonly #options: ClaimOptions;
  /** By run: the last claim or release that was asked for. Two at a time would read and append between each other's steps. */
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(options: ClaimOptions) {
    this.#options = options;
  }

  /**
   * Claims a run that waits as it was listed with an epoch, without reading it, and returns the new epoch. Rejects with `conflict` when it is not so any more: what
   * the list has said of it must not be believed then.
   */
  claimAsListed(run: string, listed: number, mine: Incarnation): Promise<number> {
    return this.#alone(run, async () => {
      const unsure = mine.unsure.get(run);
      const waiting = unsure ? undefined : this.#options.atRest(run);
      const isListed = unsure ? !unsure.replica && unsure.epoch === listed + 1 : waiting?.head.epoch === listed;
      const epoch = !isListed
        ? undefined
        : unsure
          ? await this.#send(unsure, mine)
          : waiting && (await this.#takeUnread(waiting, mine));
      if (epoch !== undefined) return epoch;
      throw new TroupeError('conflict', `The run "${run}" went on, or is at another process: list it again.`);
    });
  }

  /** Claims a run, and returns the epoch. Rejects with `owned_elsewhere` while another process that lives has it. */
  claim(run: string, mine: Incarnation, alive: (owner: string) => boolean): Promise<number> {
    return this.#alone(run, async () => {
      const held = mine.held.get(run);
      return (held && (await this.#claimAnew(held, mine))) ?? this.#claim(run, mine, alive);
    });
  }

  /** Undefined when another process has the run by now. */
  async #claimAnew(held: HeldRun, mine: Incarnation): Promise<number | undefined> {
    held.close();
    try {
      await mine.log.flush(held.run);
      await held.write({ owner: mine.name, epoch: held.epoch + 1 });
    } catch (thrown) {
      const { kind } = toFailure(thrown);
      if (kind === 'storage') void this.#giveBackLater(held, mine);
      if (kind !== 'fenced' || mine.log.ended) throw thrown;
      // It was given back, and the answer to that was lost.
      if (mine.held.get(held.run) === held) mine.remove(held.run);
      return undefined;
    }
    held.reopen();
    return held.epoch;
  }

  async #claim(run: string, mine: Incarnation, alive: (owner: string) => boolean): Promise<number> {
    const { store, reader } = this.#options;
    const unsure = mine.unsure.get(run);
    const before = unsure && (await this.#send(unsure, mine));
    if (before !== undefined) return before;
    // Of a dead process, and found out already: the claim itself tells whether it is still so.
    const known = this.#options.isNoted(run) ? undefined : reader.takeKnown(run);
    const taken = known && (await this.#take(run, known, mine));
    if (taken !== undefined) return taken;
    // Most other runs that are claimed are new: that is found out by the birth itself.
    const born = known || reader.knows(run) ? undefined : await this.#take(run, undefined, mine);
    if (born !== undefined) return born;
    for (let reread = 0; ; reread++) {
      // The log of the holder was ended and cannot be read as ended: someone has removed it since.
      const isLogGone = reread > 1;
      if (isLogGone) await this.#pause(reread);
      const stored = await reader.take(run);
      // A run that somebody has had since has a note only where that process died before it deleted the note.
      const mayBeNoted = stored && (stored.head.owner === undefined || this.#options.isNoted(run));
      const free = mayBeNoted ? await store.free.last(run) : undefined;
      if (!(await this.#isFree(run, stored, mine, alive, isLogGone))) continue;
      reread = 0;
      const epoch = await this.#take(run, stored, mine);
      if (epoch === undefined) continue;
      if (free) await this.#removeNote(run, free);
      return epoch;
    }
  }

  /**
   * Gives a run back. A note says so first, so that a run that nobody has is always found. When it rejects with `storage`, it is tried again until it
   * succeeds: otherwise nobody else would ever get the run. `hasFailed`: it could not go on here.
   */
  release(
    run: string,
    epoch: number,
    mine: Incarnation,
    { hasFailed }: { readonly hasFailed: boolean },
  ): Promise<void> {
    return this.#alone(run, async () => {
      const held = mine.held.get(run);
      if (held?.epoch !== epoch) return;
      if (hasFailed) held.fail();
      await this.#release(held, mine);
    });
  }

  async #release(held: HeldRun, mine: Incarnation): Promise<void> {
    held.close();
    try {
      await this.#giveBack(held, mine);
    } catch (thrown) {
      // Nothing is left to give back. That the outcome of an earlier write will never be known is no answer to this.
      if (mine.log.ended) throw mine.log.ended;
      const { kind } = toFailure(thrown);
      if (kind === 'storage') void this.#giveBackLater(held, mine);
      else if (kind === 'fenced' && mine.held.get(held.run) === held) mine.remove(held.run);
      throw thrown;
    }
  }

  /** After what was asked for the same run before. */
  #alone<T>(run: string, work: () => Promise<T>): Promise<T> {
    const result = (this.#last.get(run) ?? Promise.resolve()).then(work);
    const ended = result.then(
      () => {},
      () => {},
    );
    this.#last.set(run, ended);
    void ended.then(() => {
      if (this.#last.get(run) === ended) this.#last.delete(run);
    });
    return result;
  }

  async #giveBack(held: HeldRun, mine: Incarnation): Promise<void> {
    const { run, epoch } = held;
    const { free } = this.#options.store;
    await mine.log.flush(run);
    const hasEnded = await held.hasEnded();
    // Always a new one: whoever claimed the run before may still be about to delete the earlier one.
    const note = async () => free.append(run, (await free.last(run))?.sequence ?? 0, { headers: {}, body: nothing });
    if (!hasEnded) while ((await note()) === undefined);
    // The last messages of an actor are settled while its run is given back.
    await mine.log.flush(run);
    await held.write({ owner: undefined, epoch });
    if (mine.held.get(run) === held) mine.remove(run);
  }

  async #giveBackLater(held: HeldRun, mine: Incarnation): Promise<void> {
    for (let failed = 1; held.isClosed && !mine.log.ended; failed++) {
      await this.#pause(failed);
      const isOver = await this.#alone(held.run, async () => {
        // It may have been claimed again meanwhile.
        if (!held.isClosed || mine.held.get(held.run) !== held) return true;
        try {
          await this.#giveBack(held, mine);
        } catch (thrown) {
          if (toFailure(thrown).kind === 'storage') return false;
          if (mine.held.get(held.run) === held) mine.remove(held.run);
        }
        return true;
      });
      if (isOver) return;
    }
  }

  #pause(failed: number): Promise<void> {
    const { clock } = this.#options;
    return sleep(clock, backoff(failed, { first: 100, longest: 5_000 }, clock.random()));
  }

  /** Can the run be claimed as it was read? False when it must be read again. */
  async #isFree(
    run: string,
    stored: StoredRun | undefined,
    mine: Incarnation,
    alive: (owner: string) => boolean,
    isLogGone: boolean,
  ): Promise<boolean> {
    const holder = stored?.head.owner;
    // A claim of this incarnation whose outcome it did not learn is its own.
    if (holder === undefined || holder === mine.name || stored?.isFenced) return true;
    const owner = ownerOf(holder);
    // Then it is ended anew, as that of a process which has never had one.
    if (isLogGone) this.#options.liveness.forget(holder);
    if (await this.#options.liveness.end(holder, mine.name, !alive(owner))) return false;
    throw ownedElsewhereError(run, { owner, until: this.#options.clock.now() + presenceTtl });
  }

  /** Undefined when another process was first. */
  async #take(run: string, stored: StoredRun | undefined, mine: Incarnation): Promise<number | undefined> {
    const replica = stored?.replica ?? new RunReplica(run);
    const epoch = (stored?.head.epoch ?? 0) + 1;
    const isEmpty = replica.contents.actors.size === 0;
    return mine.claiming(run, isEmpty, async () => {
      const { summary } = replica;
      const segment = await encodeSegment({
        owner: mine.name,
        former: undefined,
        epoch,
        upTo: mine.log.sequence,
        before: stored?.head.chain ?? '',
        summary,
        texts: stored?.unmoved ?? [],
      });
      return this.#send({ run, replica, summary, epoch, after: stored?.sequence ?? 0, segment }, mine);
    });
  }

  /** Undefined when another process was first. */
  async #takeUnread({ run, sequence, head }: IndexedRun, mine: Incarnation): Promise<number | undefined> {
    const { store, isNoted } = this.#options;
    const note = isNoted(run) ? await store.free.last(run) : undefined;
    const { summary, chain } = head;
    const epoch = head.epoch + 1;
    const claimed = await mine.claiming(run, false, async () => {
      const segment = await encodeSegment({
        owner: mine.name,
        former: undefined,
        epoch,
        upTo: mine.log.sequence,
        before: chain,
        summary,
        texts: [],
      });
      return this.#send({ run, replica: undefined, summary, epoch, after: sequence, segment }, mine);
    });
    if (claimed !== undefined && note) await this.#removeNote(run, note);
    return claimed;
  }

  /** Only the note that was there before the claim: a later one is about the next time that nobody has the run. */
  async #removeNote(run: string, { sequence }: StoredMessage): Promise<void> {
    // It is only a note: whoever follows it finds the owner.
    await this.#options.store.free.trim(run, sequence + 1).catch(() => {});
  }

  /** Makes a claim, or finds out what became of it. Undefined when another process was first. */
  async #send(claim: UnsureClaim, mine: Incarnation): Promise<number | undefined> {
    const { run, replica, summary, epoch, after, segment } = claim;
    const sequence = await appendSegment(this.#options.store.runs, run, after, segment).catch((thrown: unknown) => {
      if (toFailure(thrown).kind === 'storage' && mine.unsure.get(run) !== claim) void this.#undoLater(claim, mine);
      throw thrown;
    });
    mine.unsure.delete(run);
    if (sequence === undefined) return undefined;
    if (mine.log.ended) throw fencedError(run, epoch, undefined);
    if (after === 0) replica?.begin(sequence);
    replica?.own({ owner: mine.name, epoch });
    mine.add({ run, replica, summary, epoch, sequence, chain: segment.chain });
    return epoch;
  }

  /** A claim whose caller was told that its outcome is unknown is given back where it turns out to be stored, unless it is asked for again: nobody here would run it. */
  async #undoLater(claim: UnsureClaim, mine: Incarnation): Promise<void> {
    const { run } = claim;
    mine.unsure.set(run, claim);
    // Until then the log names the run, for whoever takes over from this process.
    await mine.claiming(run, true, async () => {
      for (let failed = 1; mine.unsure.get(run) === claim && !mine.log.ended; failed++) {
        await this.#pause(failed);
        await this.#alone(run, () => this.#undo(claim, mine)).catch(() => {}); // It is tried again.
      }
    });
  }

  async #undo(claim: UnsureClaim, mine: Incarnation): Promise<void> {
    const { run } = claim;
    if (mine.unsure.get(run) !== claim || mine.log.ended) return;
    await this.#send(claim, mine);
    const held = mine.held.get(run);
    if (held) await this.#release(held, mine);
  }
}

const nothing = new Uint8Array();
