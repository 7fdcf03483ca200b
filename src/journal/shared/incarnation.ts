/**
 * This process as the owner of runs, from its first claim until its log is ended: its log, the runs it holds, and its announcements. It moves what its log has
 * into segments: of a run that was quiet for some time (whose replica it drops then, so that a waiting run costs no memory), and of all runs when the log has
 * grown, which it trims afterwards.
 */
import type { Clock } from '../../values/clock.ts';
import { toFailure, TroupeError } from '../../values/failure.ts';
import { inParallel } from '../../values/inParallel.ts';
import { fencedError } from '../refusals.ts';
import { Announcements } from './announcements.ts';
import { every } from './every.ts';
import { HeldRun, type ClaimedRun, type HeldRunOptions } from './heldRun.ts';
import { ProcessLog } from './processLog.ts';
import type { RunReplica } from './runReplica.ts';
import { segmentHead, type EncodedSegment } from './segment.ts';
import type { SharedStore } from './store.ts';
import type { Upkeep } from './upkeep.ts';

/** What an incarnation works with. */
export interface IncarnationOptions {
  /** As its owner is called by the engine. */
  readonly owner: string;
  /** Unique among all processes that ever were. */
  readonly name: string;
  readonly store: SharedStore;
  readonly clock: Clock;
  readonly upkeep: Upkeep;
  readonly read: HeldRunOptions['read'];
  /** Another process sends word that there is mail for a run. */
  onMail(run: string): void;
  onForeign(sequence: number): void;
  /** Called with a sentence for the operator. */
  onNotice(says: string): void;
  /** Its log is ended, and it holds nothing any more. */
  onEnded(reason: TroupeError): void;
}

/** A claim of which it is not known whether it is stored. */
export interface UnsureClaim extends Pick<ClaimedRun, 'run' | 'summary'> {
  /** The run as it is when the claim is stored; undefined where it was not read. */
  readonly replica: RunReplica | undefined;
  readonly epoch: number;
  /** The sequence of the segment that it follows; 0 for a birth. */
  readonly after: number;
  readonly segment: EncodedSegment;
}

const sweepInterval = 1_000;
/** The log is also to have several times what a run takes in the roster before it is trimmed, so that rosters are a small part of what is written. */
const rosterBytes = 128;

/** One incarnation. */
export class Incarnation {
  readonly owner: string;
  readonly name: string;
  readonly log: ProcessLog;
  readonly #options: IncarnationOptions;
  /** By run. */
  readonly #held = new Map<string, HeldRun>();
  /** Runs whose replica is loaded, by the time of their last use, the longest ago first. */
  readonly #used = new Map<string, number>();
  /** Runs that are being claimed, and how many times: whoever takes over looks for them too. */
  readonly #claiming = new Map<string, number>();
  /** By run: its claim whose outcome is not known. No other claim of the run is made before it is. */
  readonly unsure = new Map<string, UnsureClaim>();
  readonly #answering: Disposable;
  readonly #heldOptions: HeldRunOptions;
  readonly #announcements: Announcements;
  readonly #sweeps: Disposable;
  #written = 0;
  /** What is before this entry was deleted. */
  #trimmedBefore = 0;
  #trimming = false;
  #sweeping = false;

  constructor(options: IncarnationOptions) {
    this.#options = options;
    const { name, owner, store, clock } = options;
    this.name = name;
    this.owner = owner;
    this.#answering = store.presence.answer(name, options.onMail);
    this.log = new ProcessLog({
      name,
      logs: store.logs,
      clock,
      trimmedBefore: () => this.#trimmedBefore,
      roster: () => [...new Set([...this.#held.keys(), ...this.#claiming.keys()])],
      hasUntaken: () => this.#hasUntaken(),
      apply: (write) => {
        this.#touch(write.run);
        // What is not held any more is read by nobody: its segments end before this entry.
        return this.#held.get(write.run)?.apply(write) ?? Promise.reject(fencedError(write.run, 0, undefined));
      },
      onStored: (bytes) => {
        this.#written += bytes;
        if (this.#written >= Math.max(options.upkeep.trimBytes, this.#held.size * rosterBytes)) void this.#trim();
      },
      onForeign: options.onForeign,
      onEnded: (reason) => this.#ended(reason),
    });
    this.#heldOptions = {
      runs: store.runs,
      owner: name,
      upTo: () => this.log.sequence,
      read: (run, sequence) => this.#readHeld(run, sequence),
    };
    this.#announcements = new Announcements({ name, presence: store.presence, clock, log: this.log });
    this.#sweeps = every(clock, sweepInterval, () => void this.#sweep());
  }

  /** The runs it holds. */
  get held(): ReadonlyMap<string, HeldRun> {
    return this.#held;
  }

  /** Is it certain that no other process has ended its log? */
  get isPresent(): boolean {
    return this.#announcements.areCertain;
  }

  /** Resolves when it is certain by now whether another process has ended its log. Rejects with `storage` while the store does not answer. */
  settle(): Promise<void> {
    return this.#announcements.settle();
  }

  /**
   * Writes down that a run is about to be claimed, where it has something to take over. The log is begun in any case: an append to an empty log would be
   * taken again when the log was ended and removed meanwhile.
   */
  async claiming<T>(run: string, isEmpty: boolean, claim: () => Promise<T>): Promise<T> {
    this.#claiming.set(run, (this.#claiming.get(run) ?? 0) + 1);
    try {
      if (!isEmpty || this.log.sequence === 0) await this.log.took(run);
      return await claim();
    } finally {
      const left = (this.#claiming.get(run) ?? 0) - 1;
      if (left > 0) this.#claiming.set(run, left);
      else this.#claiming.delete(run);
    }
  }

  /** It has claimed a run. */
  add(claimed: ClaimedRun): void {
    const { run, replica } = claimed;
    this.#held.set(run, new HeldRun(this.#heldOptions, claimed));
    if (replica) this.#touch(run);
  }

  /** It does not hold the run any more. */
  remove(run: string): void {
    this.#held.delete(run);
    this.#used.delete(run);
  }

  /** A run was read or written: its replica stays for a while. */
  use(run: string): void {
    this.#touch(run);
  }

  /** Moves everything into segments, and says that it is gone. What cannot be moved stays in the log, from where it is taken over. */
  async close(): Promise<void> {
    this.#stop();
    const { store } = this.#options;
    const isMoved = await this.#move([...this.#held.values()].filter(({ hasUnmoved }) => hasUnmoved)).then(
      () => true,
      () => false,
    );
    // Nobody has to look into the log of a process that gave everything back.
    const isOver = isMoved && !this.log.ended && this.#held.size === 0 && this.#claiming.size === 0;
    this.log.end(new TroupeError('storage', 'This journal was closed.', { retryable: false }));
    if (isOver) await store.logs.remove(this.name).catch(() => {});
    await store.presence.withdraw(this.name).catch(() => {}); // It ends by itself.
  }

  /** Rejects with `fenced` when the run is not as this process has left it because another one has it, or has deleted it. */
  async #readHeld(run: string, sequence: number): Promise<RunReplica> {
    try {
      return await this.#options.read(run, sequence);
    } catch (thrown) {
      if (toFailure(thrown).kind !== 'storage') await this.log.probe();
      throw thrown;
    }
  }

  /** Is one of its runs still its own in the index, with writes that no segment has? Whoever takes a run over moves them. */
  async #hasUntaken(): Promise<boolean> {
    const unmoved = [...this.#held.values()].filter(({ hasUnmoved }) => hasUnmoved);
    const own = await inParallel(unmoved, async ({ run }) => {
      const last = await this.#options.store.runs.last(run);
      return last !== undefined && segmentHead(last)?.owner === this.name;
    });
    return own.includes(true);
  }

  #touch(run: string): void {
    this.#used.delete(run);
    this.#used.set(run, this.#options.clock.now());
  }

  #ended(reason: TroupeError): void {
    this.#stop();
    this.#held.clear();
    this.#used.clear();
    this.#options.onEnded(reason);
  }

  #stop(): void {
    this.#announcements[Symbol.dispose]();
    this.#sweeps[Symbol.dispose]();
    this.#answering[Symbol.dispose]();
  }

  /** Moves the writes of quiet runs, and drops their replicas. */
  async #sweep(): Promise<void> {
    if (this.#sweeping) return;
    this.#sweeping = true;
    try {
      const { clock, upkeep } = this.#options;
      const before = clock.now() - upkeep.quietTime;
      const quiet: HeldRun[] = [];
      const pending = this.log.pendingRuns;
      for (const [run, at] of this.#used) {
        if (at > before) break;
        const held = this.#held.get(run);
        if (!held) this.#used.delete(run);
        else if (!pending.has(run)) quiet.push(held);
      }
      await this.#move(quiet.filter(({ hasUnmoved }) => hasUnmoved));
      const pendingNow = this.log.pendingRuns;
      for (const held of quiet) {
        const isUsed = (this.#used.get(held.run) ?? Infinity) > before;
        if (isUsed || !held.isQuiet || pendingNow.has(held.run)) continue;
        held.drop();
        this.#used.delete(held.run);
      }
    } catch {
      // The server is away, or the log is ended: the next sweep tries again.
    } finally {
      this.#sweeping = false;
    }
  }

  /** Writes the roster, moves what the log has into segments, and deletes the log before the roster. */
  async #trim(): Promise<void> {
    if (this.#trimming) return;
    this.#trimming = true;
    this.#written = 0;
    try {
      const roster = await this.log.roster();
      await this.#move([...this.#held.values()].filter(({ hasUnmoved }) => hasUnmoved));
      // Then it holds nothing any more, and what its runs have in the log is for those who take them over.
      if (this.log.ended) return;
      this.#trimmedBefore = roster;
      await this.#options.store.logs.trim(this.name, roster);
    } catch {
      // It is trimmed the next time.
    } finally {
      this.#trimming = false;
    }
  }

  /** Writes a segment for each run. A run that another process has claimed ends this incarnation: its log is fenced. */
  async #move(runs: readonly HeldRun[]): Promise<void> {
    await inParallel(runs, async (held) => {
      try {
        await held.write();
      } catch (thrown) {
        if (toFailure(thrown).kind !== 'fenced') throw thrown;
        // Not when this process has deleted the run meanwhile; it may have begun it anew.
        const isHeld = this.#held.get(held.run) === held;
        // The run was claimed, which needs a fenced log: the next append tells. Nothing of it is written any more.
        if (isHeld) this.remove(held.run);
        await this.log.probe().catch(() => {});
        if (isHeld) await this.#tellIfDeleted(held.run).catch(() => {}); // The server is away: it is not known.
      }
    });
  }

  /** A log that is not ended means that nobody has taken the run. */
  async #tellIfDeleted(run: string): Promise<void> {
    const { store, onNotice } = this.#options;
    if (this.log.ended || (await store.runs.last(run))) return;
    onNotice(
      `The run ${run} was deleted from the server while this process had it. Nothing of it is stored any more, and asked for again it begins anew. Use "troupe runs prune" to delete what has ended.`,
    );
  }
}
