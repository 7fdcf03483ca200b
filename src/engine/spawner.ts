/** Starts children, and takes messages, for actors of this host: by themselves after a commit, or as further steps of a unit that is being made. */
import type { PendingChild, PendingMessage } from '../contracts/pending.ts';
import type { ActorType } from '../core/actorType.ts';
import { fromChild } from '../core/incoming.ts';
import { childSpawnInfo } from '../core/spawn.ts';
import { copyJson } from '../values/copyJson.ts';
import { toFailure, TroupeError } from '../values/failure.ts';
import type { Address } from '../values/ids.ts';
import type { Actor } from './actor.ts';
import type { DueTimers } from './dueTimers.ts';
import { effectOptionsOf } from './effects.ts';
import type { HostedRun } from './hostedRun.ts';
import type { Registry } from './registry.ts';
import type { ParentActor, Unit } from './unit.ts';

/** What the spawner works with. */
export interface SpawnerParts {
  readonly registry: Registry;
  readonly due: Pick<DueTimers, 'timers' | 'catchUp'>;
  /** A run of this process. */
  run(id: string): HostedRun | undefined;
  /** Are messages on their way to this recipient? */
  isSendingTo(address: Address): boolean;
  /** An actor of a run, not yet in the registry. */
  newActor(run: HostedRun, type: ActorType, address: Address): Actor;
  /** Calls with the actor, which is loaded when it is not in memory. */
  withActor(address: Address, call: (actor: Actor) => void): void;
}

/** Starts the children of a host's actors. */
export class Spawner {
  readonly #parts: SpawnerParts;

  constructor(parts: SpawnerParts) {
    this.#parts = parts;
  }

  /** A further step of a unit: only in a run that is up to date, for an actor that is in memory and has nothing else to do. */
  include(unit: Unit, from: ParentActor, pending: PendingChild | PendingMessage): boolean {
    const { registry, due, isSendingTo } = this.#parts;
    const run = this.#parts.run(unit.run);
    const isSteady = run?.state.is === 'starting' || run?.state.is === 'ready';
    if (!isSteady || due.catchUp.of(unit.run)) return false;
    if (pending.kind === 'child') return run.recall === undefined && this.#spawnIn(unit, from, pending);
    const { data: envelope } = pending;
    const { to } = envelope;
    if (registry.runOf(to) !== unit.run || isSendingTo(to)) return false;
    due.timers.fireDue();
    // The sender and the recipient share nothing.
    return registry.actor(to)?.takeIn(unit, { ...envelope, body: copyJson(envelope.body) }) ?? false;
  }

  /** Starts a child whose spawn is committed. A child that cannot be started has failed, for its parent. */
  spawn(parent: ParentActor, pending: PendingChild): void {
    const { data } = pending;
    try {
      const actor = this.#newChild(parent, pending);
      const { name, chart } = actor.type;
      const spawnInfo = childSpawnInfo(parent, pending.key, data);
      const kind = { name, machine: chart.machine.id };
      const recall = this.#parts.run(parent.run)?.recall;
      void actor.start(
        spawnInfo,
        recall?.child(spawnInfo, kind, (effect) => effectOptionsOf(parent.type, effect)),
      );
    } catch (thrown) {
      const end = { error: toFailure(thrown) };
      this.#parts.withActor(parent.address, (actor) =>
        actor.enqueue(fromChild(`${data.address}/lost`, data.address, pending, end)),
      );
    }
  }

  #spawnIn(unit: Unit, parent: ParentActor, pending: PendingChild): boolean {
    const { registry } = this.#parts;
    let actor: Actor | undefined;
    const giveUp = () => {
      if (!actor) return;
      if (registry.actor(actor.address) === actor) registry.remove(actor.address);
      actor.abandon();
    };
    try {
      actor = this.#newChild(parent, pending);
      actor.startIn(unit, childSpawnInfo(parent, pending.key, pending.data));
    } catch {
      giveUp();
      return false; // It is spawned by itself, and its failure is handled.
    }
    unit.onUndo(giveUp);
    return true;
  }

  #newChild(parent: ParentActor, { data }: PendingChild): Actor {
    const type = parent.type.child(data.src);
    if (!type) throw new TroupeError('internal', `"${parent.type.name}" has no child machine "${data.src}".`);
    const run = this.#parts.run(parent.run);
    if (!run) throw new TroupeError('fenced', `This process does not run ${parent.run} any more.`);
    const actor = this.#parts.newActor(run, type, data.address);
    try {
      this.#parts.registry.add(actor);
    } catch (thrown) {
      actor.abandon(); // Its run does not wait for it.
      throw thrown;
    }
    return actor;
  }
}
