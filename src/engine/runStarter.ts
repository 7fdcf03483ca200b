/** Starts runs: from the beginning, from what is stored, or again after a failure. The same run twice is one run. */
import type { Envelope } from '../contracts/envelope.ts';
import type { Commit, StoredActor } from '../contracts/commit.ts';
import type { PendingChild } from '../contracts/pending.ts';
import type { ActorType } from '../core/actorType.ts';
import { spawnInfoOf, type SpawnInfo } from '../core/spawn.ts';
import { fromFailure, toFailure, TroupeError } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import { isJsonObject, type Json } from '../values/json.ts';
import type { Actor } from './actor.ts';
import type { LateTimer } from './catchUp.ts';
import type { EngineContext } from './context.ts';
import { storeDeadLetter } from './deadLetters.ts';
import type { HostedRun } from './hostedRun.ts';
import type { OutboxRelay } from './outboxRelay.ts';
import { Recall, type RecallPolicy } from './recall.ts';
import { loadRun, stopOrphans } from './recovery.ts';
import type { Registry } from './registry.ts';

const { isDeepStrictEqual } = process.getBuiltinModule('node:util');

/** What a run is started with. */
export interface StartActorOptions {
  /** The id of the run; the key of its root actor's address. */
  readonly run: string;
  /** Left out when a stored run is resumed. */
  readonly input?: Json;
  /** The id was made for this start, so that nothing can be stored of it; false by default. */
  readonly isNew?: boolean;
  /** Nothing was stored of it a moment ago: it is not looked for before the claim, which tells. False by default. */
  readonly isUnstored?: boolean;
  /** Its root was active a moment ago: whether it has ended is not looked up before the claim. False by default. */
  readonly isActive?: boolean;
  /** Milliseconds since the epoch; everything the actor starts inherits it. */
  readonly deadline?: number;
  /** Facts about the run for people and commands. */
  readonly about?: Json;
  /** What lists of the root begin with, in the commit that begins the run; nothing by default. A stored run has them already. */
  readonly appends?: Commit['appends'];
  /** Begins a stored run again that has failed, and keeps what succeeded. Called with its root once this process owns the run; throws when it may not be retried. */
  readonly retry?: (root: StoredActor) => void;
}

/** The address of the root actor of a run. */
export const rootAddress = ({ name }: Pick<ActorType, 'name'>, run: string): Address => `${name}/${run}`;

/** What the start of a run works with. */
export interface RunStarterParts {
  readonly context: EngineContext;
  readonly registry: Registry;
  readonly outboxRelay: Pick<OutboxRelay, 'send'>;
  readonly recallPolicy: RecallPolicy;
  /** Takes the lease of a run; it is `starting` then. `isNew`: its id was made for this start. */
  claim(run: string, root: Address, isNew: boolean): Promise<HostedRun>;
  /** Does this process hold the lease of the run? */
  isHere(run: string): boolean;
  /** Lets a run go that could not be started. */
  giveUp(run: string): Promise<void>;
  /** Gives back the lease of a run of which nothing is left to do, once its last messages are delivered. */
  release(run: string): void;
  /** An actor of a run, not yet in the registry. */
  newActor(run: HostedRun, type: ActorType, address: Address): Actor;
  /** Starts a child whose spawn is committed. */
  spawn(parent: Actor, pending: PendingChild): void;
  /** Timers that are late after a restart: the run catches up first. */
  catchUp(run: string, late: readonly LateTimer[]): void;
}

/** Starts, recovers and retries the runs of a host. */
export class RunStarter {
  readonly #parts: RunStarterParts;
  /** The starts that are under way, by run. */
  readonly #starting = new Map<string, Promise<unknown>>();

  constructor(parts: RunStarterParts) {
    this.#parts = parts;
  }

  /** One start of a run at a time. Rejects as `Host.start` does. */
  start(type: ActorType, options: StartActorOptions): Promise<Address> {
    return this.inTurn(options.run, () => this.#start(type, options));
  }

  /** Does something by which the run comes here, after what was begun for it before. */
  async inTurn<T>(run: string, begin: () => Promise<T>): Promise<T> {
    const started = this.#starting.get(run)?.then(begin, begin) ?? begin();
    this.#starting.set(run, started);
    try {
      return await started;
    } finally {
      if (this.#starting.get(run) === started) this.#starting.delete(run);
    }
  }

  async #start(type: ActorType, options: StartActorOptions): Promise<Address> {
    const { context, registry } = this.#parts;
    const { run } = options;
    const address = rootAddress(type, run);
    if (registry.has(address)) {
      await this.#requireSame(address, options);
      return address;
    }
    // A start that is refused leaves the run alone that is here under its key.
    if (this.#parts.isHere(run)) await this.#requireSame(address, options);
    const turn = context.clock.turn?.();
    if (turn) await turn;
    const mayHaveEnded = !options.retry && !options.isNew && !options.isUnstored && !options.isActive;
    if (mayHaveEnded && (await this.#hasEnded(address, options))) return address;
    let hosted: HostedRun;
    try {
      hosted = await this.#parts.claim(run, address, options.isNew === true);
    } catch (thrown) {
      // What is another run is told at once: waiting for the process that has it would not help.
      if (toFailure(thrown).kind === 'owned_elsewhere') await this.#requireSame(address, options);
      throw thrown;
    }
    try {
      // A run that has actors was claimed before.
      if (!hosted.isFirst) await this.#requireSame(address, options);
      const stored = hosted.isFirst ? undefined : await context.journal.load(address);
      if (stored && options.retry) await this.#reopen(hosted, type, stored, options);
      else if (stored) await this.#recover(hosted, type, stored);
      else await this.#spawnRoot(hosted, type, options);
    } catch (thrown) {
      await this.#parts.giveUp(run);
      throw thrown;
    }
    if (hosted.state.is === 'starting') hosted.state = { is: 'ready' };
    return address;
  }

  /** Has the run ended, with nothing of it left to do? Its end never changes, so it is read without the lease, and nothing is written. */
  async #hasEnded(address: Address, options: StartActorOptions): Promise<boolean> {
    const { context, registry } = this.#parts;
    const { journal } = context;
    const { run } = options;
    const [root] = await journal.find({ actor: address });
    if (!root || root.status === 'active') return false;
    const isOver =
      (await journal.find({ run, status: 'active', limit: 1 })).length === 0 &&
      (await journal.undelivered(run)).length === 0;
    if (!isOver) return false;
    await this.#requireSame(address, options);
    registry.addEnded(address, run);
    return true;
  }

  /** One key is one run: of one type, with one name and one input. */
  async #requireSame(address: Address, { run, input, about }: StartActorOptions): Promise<void> {
    const [root] = await this.#parts.context.journal.find({ run, parent: null, limit: 1 });
    if (!root) return;
    const spawnInfo = spawnInfoOf(root);
    const difference =
      root.actor !== address
        ? `is ${root.actor}, not ${address}`
        : about !== undefined && nameIn(about) !== nameIn(spawnInfo.about)
          ? `is of "${nameIn(spawnInfo.about)}", not of "${nameIn(about)}"`
          : input !== undefined && !isDeepStrictEqual(input, spawnInfo.input)
            ? 'was started with another input'
            : undefined;
    if (difference)
      throw new TroupeError(
        'conflict',
        `The run "${run}" ${difference}. The same key is the same run: choose another key, or go on with it by "troupe runs resume ${run}".`,
        { data: { run, differs: true } },
      );
  }

  async #spawnRoot(run: HostedRun, type: ActorType, options: StartActorOptions): Promise<void> {
    const { input, deadline, about, appends } = options;
    const actor = this.#parts.newActor(run, type, run.root);
    run.supervisor.reset();
    this.#parts.registry.add(actor);
    const spawnInfo = {
      address: run.root,
      run: run.id,
      parent: undefined,
      input: input ?? null,
      ...(deadline === undefined ? {} : { deadline }),
      ...(about === undefined ? {} : { about }),
    };
    await actor.start(spawnInfo, undefined, appends);
    requireHosted(run);
    // It was abandoned before its first commit, because this process closes or the lease went to another one: nobody keeps this run.
    if (actor.state.seq === 0)
      throw new TroupeError(
        'storage',
        `The run "${run.id}" is not known to be stored: this process lost it while its beginning was being written. Start it again under its key.`,
      );
  }

  /** Begins the root of an ended run again. What its earlier life left is settled first: nothing of it may reach the new one. */
  async #reopen(
    run: HostedRun,
    type: ActorType,
    stored: StoredActor,
    { retry, deadline }: StartActorOptions,
  ): Promise<void> {
    retry?.(stored);
    const { journal, clock } = this.#parts.context;
    const { seq, created } = stored;
    const before = spawnInfoOf(stored);
    await stopOrphans(journal, run.id, new Set(), run.epoch, clock.now());
    for (const message of await journal.undelivered(run.id)) await this.#leaveBehind(run, message);
    const began = clock.now();
    const due =
      deadline ?? (before.deadline === undefined ? undefined : began + before.deadline - (before.began ?? created));
    const spawnInfo: SpawnInfo = {
      ...before,
      life: (before.life ?? 0) + 1,
      began,
      retries: [...(before.retries ?? []), seq + 1],
      ...(due === undefined ? {} : { deadline: due }),
    };
    run.recall = await Recall.load(journal, spawnInfo, this.#parts.recallPolicy, run.epoch);
    const actor = this.#parts.newActor(run, type, run.root);
    this.#parts.registry.add(actor);
    await actor.reopen(stored, spawnInfo);
    requireHosted(run);
  }

  /** A message that an earlier life of a run did not deliver: others still get it, the actors of the run do not. */
  async #leaveBehind(run: HostedRun, message: Envelope): Promise<void> {
    const { context, outboxRelay } = this.#parts;
    const { journal, clock, report } = context;
    const [recipient] = await journal.find({ actor: message.to });
    if (recipient?.run !== message.run) return outboxRelay.send(message);
    const failure = toFailure(
      new TroupeError('conflict', 'The run had ended before it was delivered, and was retried.'),
    );
    await storeDeadLetter(message, failure, { journal, clock, report, epoch: run.epoch });
  }

  /** Every actor is restored before any of them acts, so that no message arrives before its recipient. */
  async #recover(run: HostedRun, type: ActorType, root: StoredActor): Promise<void> {
    const { context, registry, outboxRelay, newActor, spawn, catchUp, recallPolicy } = this.#parts;
    const { journal, clock } = context;
    if (root.status === 'active') run.recall = await Recall.load(journal, spawnInfoOf(root), recallPolicy, run.epoch);
    const { actors: members, unspawned } = await loadRun(journal, type, root);
    const actors = members.map((member) => {
      const actor = newActor(run, member.type, member.stored.actor);
      actor.restore(member.stored);
      return { actor, results: member.stored.results };
    });
    for (const { actor } of actors) registry.add(actor);
    const recovered = new Set(members.map(({ stored }) => stored.actor));
    await stopOrphans(journal, run.id, recovered, run.epoch, clock.now());
    for (const message of await journal.undelivered(run.id)) outboxRelay.send(message);
    for (const { parent, pending } of unspawned) {
      const actor = registry.actor(parent);
      if (actor) spawn(actor, pending);
    }
    const late = actors.flatMap(({ actor, results }) => actor.resume(results));
    // What was sent to the run meanwhile comes first, also where nothing is late: a cancel, before its effects are performed again.
    if (actors.length > 0) return catchUp(run.id, late);
    registry.addEnded(root.actor, run.id);
    this.#parts.release(run.id);
  }
}

const nameIn = (facts: Json | undefined): string | undefined =>
  isJsonObject(facts) && typeof facts.name === 'string' ? facts.name : undefined;

/** Throws why this process could not go on with the run. */
function requireHosted({ state }: HostedRun): void {
  if (state.is === 'ended' && state.why) throw fromFailure(state.why);
}
