/** Claims runs: a run that nobody has, that is new, or whose process is dead. One segment moves what the dead process had in its log and names the new owner. */
import { fencedError, ownedElsewhereError } from '../refusals.ts';
import { backoff } from '../../values/backoff.ts';
import { sleep, type Clock } from '../../values/clock.ts';
import { toFailure } from '../../values/failure.ts';
import type { ClaimedRun, HeldRun } from './heldRun.ts';
import { ownerOf } from './incarnationName.ts';
import type { Incarnation } from './incarnation.ts';
import type { Liveness } from './liveness.ts';
import { RunReplica } from './runReplica.ts';
import type { RunReader, StoredRun } from './runReader.ts';
import { encodeSegment, segmentHead } from './segment.ts';
import { presenceTtl, type SharedStore } from './store.ts';

/** What claims work with. */
export interface ClaimOptions {
  readonly store: SharedStore;
  readonly clock: Clock;
  readonly reader: RunReader;
  readonly liveness: Liveness;
}

/** The claims of this process. */
export class Claims {
  readonly #options: ClaimOptions;
  /** By run: the last claim or release that was asked for. Two at a time would read and append between each other's steps. */
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(options: ClaimOptions) {
    this.#options = options;
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
    // Most runs that are claimed are new: that is found out by the birth itself.
    const born = reader.knows(run) ? undefined : await this.#take(run, undefined, mine);
    if (born !== undefined) return born;
    for (;;) {
      const stored = await reader.take(run);
      const free = stored && (await store.free.last(run));
      if (!(await this.#isFree(run, stored, mine, alive))) continue;
      const epoch = await this.#take(run, stored, mine);
      if (epoch === undefined) continue;
      // Only the note that was there before: a later one is about the next time that nobody has it.
      if (free) await store.free.trim(run, free.sequence + 1).catch(() => {}); // It is only a note: whoever follows it finds the owner.
      return epoch;
    }
  }

  /**
   * Gives a run back. A note says so first, so that a run that nobody has is always found. When it rejects with `storage`, it is tried again until it
   * succeeds: otherwise nobody else would ever get the run.
   */
  release(run: string, epoch: number, mine: Incarnation): Promise<void> {
    return this.#alone(run, async () => {
      const held = mine.held.get(run);
      if (held?.epoch !== epoch) return;
      held.close();
      try {
        await this.#giveBack(held, mine);
      } catch (thrown) {
        const { kind } = toFailure(thrown);
        if (kind === 'storage') void this.#giveBackLater(held, mine);
        else if (kind === 'fenced' && mine.held.get(run) === held) mine.remove(run);
        throw thrown;
      }
    });
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
    const hasEnded = (await held.replica()).hasEnded;
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
        if (!held.isClosed) return true;
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
  ): Promise<boolean> {
    const holder = stored?.head.owner;
    // A claim of this incarnation whose outcome it did not learn is its own.
    if (holder === undefined || holder === mine.name || stored?.isFenced) return true;
    const owner = ownerOf(holder);
    if (await this.#options.liveness.end(holder, mine.name, !alive(owner))) return false;
    throw ownedElsewhereError(run, { owner, until: this.#options.clock.now() + presenceTtl });
  }

  /** Undefined when another process was first. */
  async #take(run: string, stored: StoredRun | undefined, mine: Incarnation): Promise<number | undefined> {
    const { runs } = this.#options.store;
    const replica = stored?.replica ?? new RunReplica(run);
    const epoch = (stored?.head.epoch ?? 0) + 1;
    const isEmpty = replica.contents.actors.size === 0;
    return mine.claiming(run, isEmpty, async () => {
      const { chain, ...message } = await encodeSegment({
        owner: mine.name,
        former: undefined,
        epoch,
        upTo: mine.log.sequence,
        before: stored?.head.chain ?? '',
        summary: replica.summary,
        texts: stored?.unmoved ?? [],
      });
      const expected = stored?.sequence ?? 0;
      const append = async () => (await runs.append(run, expected, message)) ?? (await this.#sequenceOf(run, chain));
      const sequence = await append().catch((thrown: unknown) => {
        if (toFailure(thrown).kind === 'storage') void this.#undoLater(append, { replica, epoch, chain }, mine);
        throw thrown;
      });
      if (sequence === undefined) return undefined;
      if (mine.log.ended) throw fencedError(run, epoch, undefined);
      if (!stored) replica.begin(sequence);
      replica.own({ owner: mine.name, epoch });
      mine.add({ replica, epoch, sequence, chain });
      return epoch;
    });
  }

  /** A segment was not appended: because it is there, and the answer was lost on the way? */
  async #sequenceOf(run: string, chain: string): Promise<number | undefined> {
    const last = await this.#options.store.runs.last(run);
    return last && segmentHead(last)?.chain === chain ? last.sequence : undefined;
  }

  /** A claim whose caller was told that its outcome is unknown is given back where it turns out to be stored: nobody here would run it. */
  async #undoLater(
    append: () => Promise<number | undefined>,
    { replica, ...claimed }: Omit<ClaimedRun, 'sequence'>,
    mine: Incarnation,
  ): Promise<void> {
    const { run } = replica;
    // Until then the log names the run, for whoever takes over from this process.
    await mine.claiming(run, true, async () => {
      for (let failed = 1; !mine.log.ended; failed++) {
        await this.#pause(failed);
        const sequence = await append().catch(() => 'unknown' as const);
        if (sequence === 'unknown') continue;
        // Undefined: it is not there, or was claimed anew since.
        if (sequence === undefined || mine.held.has(run)) return;
        const held = mine.unheld({ replica, sequence, ...claimed });
        held.close();
        return await this.#giveBackLater(held, mine);
      }
    });
  }
}

const nothing = new Uint8Array();
