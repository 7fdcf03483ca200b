/** One life of a process that uses a shared journal as the engine does, with steps that chance decides: it claims runs, commits, handles mail, gives back, and reads. */
import { commitFor } from '../../../../src/testing/suites/commit.ts';
import type { Commit, Journal } from '../../../../src/journal/journal.ts';
import { sleep, type Clock } from '../../../../src/values/clock.ts';
import { toFailure } from '../../../../src/values/failure.ts';
import type { Random } from '../../../../src/testing/world/random.ts';
import type { Evidence } from './evidence.ts';

/** What a client works with. */
export interface ClientOptions {
  /** As the journal knows the owner. */
  readonly owner: string;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Random;
  readonly runs: readonly string[];
  readonly evidence: Evidence;
  /** Called with what it does, in words. */
  readonly trace: (says: string) => void;
  /** Does the process see that another one is dead? */
  readonly alive: (owner: string) => boolean;
  /** May it still begin something? */
  readonly isOpen: () => boolean;
}

/** A run that the client takes for its own. */
interface Held {
  readonly epoch: number;
  /** By actor: its revision. */
  readonly revisions: Map<string, number>;
}

const renewal = 3_000;
const ttl = 10_000;

/** The two actors of a run. */
export const actorsOf = (run: string): readonly [string, string] => [`agent/${run}`, `tool/${run}.t`];

export class RandomClient {
  readonly #options: ClientOptions;
  readonly #held = new Map<string, Held>();
  /** Runs that it ever tried to claim: while it does not know that it has lost one, it may read what it has in memory. */
  readonly #claimed = new Set<string>();
  /** Epochs under which it does not hold a run any more. */
  readonly #former: { readonly run: string; readonly epoch: number }[] = [];
  #count = 0;
  #busy = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** Is nothing under way? */
  get isIdle(): boolean {
    return this.#busy === 0;
  }

  get held(): ReadonlyMap<string, unknown> {
    return this.#held;
  }

  /** Begins to work, in several threads. */
  start(): void {
    for (let n = 0; n < 3; n++) void this.#work();
    void this.#renew();
  }

  /** Gives everything back. */
  async leave(): Promise<void> {
    for (const [run, { epoch }] of new Map(this.#held)) {
      this.#lose(run);
      await this.#options.journal.release(run, epoch).catch((thrown: unknown) => {
        if (toFailure(thrown).kind !== 'fenced') throw thrown;
      });
    }
  }

  async #work(): Promise<void> {
    const { clock, random, isOpen } = this.#options;
    while (isOpen()) {
      await sleep(clock, random.between(1, random.chance(0.1) ? 3_000 : 100));
      if (!isOpen()) return;
      this.#busy++;
      await this.#step().catch((thrown: unknown) => this.#note(thrown));
      this.#busy--;
    }
  }

  /** Errors that say what happened are part of the game. */
  #note(thrown: unknown): void {
    const { kind, message } = toFailure(thrown);
    this.#options.trace(`was told: ${kind}, ${message.slice(0, 60)}`);
    if (!['storage', 'fenced', 'owned_elsewhere', 'conflict'].includes(kind))
      this.#options.evidence.wrong.push(`${this.#options.owner} was told: ${kind}, ${message}`);
  }

  async #renew(): Promise<void> {
    const { clock, journal, isOpen } = this.#options;
    while (isOpen()) {
      await sleep(clock, renewal);
      for (const [run, { epoch }] of new Map(this.#held)) {
        const isMine = await journal.renew(run, epoch, clock.now() + ttl).catch(() => true);
        if (!isMine && this.#held.get(run)?.epoch === epoch) this.#lose(run);
      }
    }
  }

  #lose(run: string): void {
    const held = this.#held.get(run);
    this.#options.trace(`does not have ${run} any more (${new Error().stack?.split('\n')[2]?.slice(0, 50)})`);
    if (held) this.#former.push({ run, epoch: held.epoch });
    this.#held.delete(run);
  }

  async #step(): Promise<void> {
    const { random, runs, clock, journal } = this.#options;
    const run = random.pick(runs);
    const held = this.#held.get(run);
    const die = random.between(1, 100);
    if (die <= 6) return this.#read(run);
    if (die <= 9) return this.#post(run);
    if (die <= 11) return void (await journal.claims({ expiredAt: clock.now() }));
    if (die <= 13 && this.#former.length > 0) return this.#commitAsFormer();
    if (!held) return this.#claim(run);
    if (die <= 17) {
      this.#lose(run);
      return journal.release(run, held.epoch);
    }
    if (die <= 19) return this.#claim(run);
    const [root] = actorsOf(run);
    // A run begins with its root.
    if (!held.revisions.get(root)) return this.#commitOf(run, held, root);
    if (die <= 30) return this.#handle(run, held);
    if (die <= 35) return this.#commitBoth(run, held);
    return this.#commitOf(run, held, random.pick(actorsOf(run)));
  }

  async #claim(run: string): Promise<void> {
    const { journal, owner, clock, alive } = this.#options;
    this.#claimed.add(run);
    const epoch = await journal.claim(run, owner, { now: clock.now(), ttl, alive });
    const revisions = new Map<string, number>();
    this.#options.trace(`has ${run} under epoch ${epoch}`);
    this.#held.set(run, { epoch, revisions });
    for (const actor of actorsOf(run)) revisions.set(actor, (await journal.load(actor))?.seq ?? 0);
  }

  async #commitOf(run: string, held: Held, actor: string): Promise<void> {
    const [commit] = this.#next(run, held, [actor]);
    if (commit) await this.#commit(held, [commit], () => this.#options.journal.commit(commit));
  }

  async #commitBoth(run: string, held: Held): Promise<void> {
    const commits = this.#next(run, held, actorsOf(run));
    await this.#commit(held, commits, () => this.#options.journal.commitAll?.(commits) ?? Promise.resolve());
  }

  /** Handles one message of the run's mail. */
  async #handle(run: string, held: Held): Promise<void> {
    const [letter] = await this.#options.journal.mail(run);
    if (!letter) return;
    const [commit] = this.#next(run, held, [letter.to], letter.id);
    if (commit) await this.#commit(held, [commit], () => this.#options.journal.commit(commit));
  }

  /** A write of an owner that is none any more. */
  async #commitAsFormer(): Promise<void> {
    const { random, journal, evidence } = this.#options;
    const { run, epoch } = random.pick(this.#former);
    if (this.#held.has(run)) return;
    const [actor] = actorsOf(run);
    const seq = ((await journal.load(actor))?.seq ?? 0) + 1;
    if (this.#held.has(run)) return;
    const commit = commitOf(run, actor, seq, epoch, this.#id(run));
    await journal.commit(commit).then(
      () => evidence.wrong.push(`${this.#options.owner} committed ${commit.event.id} under an epoch that it had lost`),
      (thrown: unknown) => evidence.refused.set(commit.event.id, toFailure(thrown).kind),
    );
  }

  #next(run: string, held: Held, actors: readonly string[], inbox?: string): Commit[] {
    return actors.map((actor) => {
      const seq = (held.revisions.get(actor) ?? 0) + 1;
      held.revisions.set(actor, seq);
      return commitOf(run, actor, seq, held.epoch, inbox ?? this.#id(run), inbox !== undefined);
    });
  }

  /** Writes until the outcome is known or the run is lost, as the engine does. */
  async #commit(held: Held, commits: readonly Commit[], write: () => Promise<void>): Promise<void> {
    const { clock, evidence, random, isOpen } = this.#options;
    const [{ run }] = commits as [Commit];
    const ids = commits.filter(({ event }) => !event.inbox).map(({ event }) => event.id);
    let isUnsure = false;
    for (;;) {
      try {
        await write();
        // The same message may be handled by another owner, and then be acknowledged to both: it is there once.
        evidence.acknowledge(run, ...commits.map(({ event }) => event.id));
        return;
      } catch (thrown) {
        const { kind } = toFailure(thrown);
        if (kind !== 'storage') {
          if (!isUnsure) for (const id of ids) evidence.refused.set(id, kind);
          if (kind === 'fenced' && this.#held.get(run) === held) this.#lose(run);
          else await this.#reload(run, held);
          throw thrown;
        }
        isUnsure = true;
        if (this.#held.get(run) !== held) return;
        if (!isOpen() || random.chance(0.1)) return await this.#reload(run, held);
        await sleep(clock, random.between(50, 1_000));
      }
    }
  }

  async #reload(run: string, held: Held): Promise<void> {
    for (const actor of actorsOf(run)) held.revisions.set(actor, (await this.#options.journal.load(actor))?.seq ?? 0);
  }

  async #post(run: string): Promise<void> {
    const { journal, evidence, random } = this.#options;
    const to = random.pick(actorsOf(run));
    const id = this.#id(run);
    for (let tries = 0; tries < 3; tries++)
      try {
        await journal.post({ id, type: 'ping', body: {}, from: 'door/x', to, run, kind: 'event' });
        evidence.post(run, id);
        return;
      } catch (thrown) {
        if (toFailure(thrown).kind !== 'storage') throw thrown;
      }
  }

  async #read(run: string): Promise<void> {
    const { journal, evidence, owner } = this.#options;
    const known = evidence.knownOf(run);
    const entries = await journal.history({ run, limit: 1_000_000 });
    const ids = entries.map(({ actor, event }) => `${actor} ${event.id}`);
    evidence.readings.push({ by: owner, run, ids, known: this.#claimed.has(run) ? undefined : known });
  }

  #id(run: string): string {
    return `${this.#options.owner}/${run}/${++this.#count}`;
  }
}

const commitOf = (run: string, actor: string, seq: number, epoch: number, id: string, inbox = false): Commit =>
  commitFor({
    run,
    actor,
    type: actor.slice(0, actor.indexOf('/')),
    parent: actor.startsWith('agent/') ? undefined : `agent/${run}`,
    seq,
    epoch,
    event: { id, type: 'go', body: {}, ...(inbox ? { inbox } : {}) },
  });
