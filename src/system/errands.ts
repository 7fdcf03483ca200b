/** What an actor does in the world, after the commit that says so: performs effects, sets timers, raises children, sends letters. */
import type { AnyActorLogic } from 'xstate';
import type { Address } from '../contracts/ids.ts';
import type { Json } from '../contracts/json.ts';
import type { StoredActor } from '../contracts/commit.ts';
import type { OwnPending, Pending, PendingEffect, TimerData } from '../contracts/pending.ts';
import { afterwards } from './afterwards.ts';
import type { Cell } from './cell.ts';
import { fromEffect } from './delivery.ts';
import type { Host } from './host.ts';
import { signal } from './letters.ts';
import { Runner } from './runner.ts';
import type { Plan, Self } from './self.ts';

export class Errands {
  readonly #host: Host;
  readonly #cell: Cell;
  readonly #self: Self;
  readonly #runner: Runner;

  constructor(host: Host, cell: Cell, self: Self) {
    this.#host = host;
    this.#cell = cell;
    this.#self = self;
    const logic = (source: string) => self.type.chart.machine.implementations.actors[source] as AnyActorLogic;
    this.#runner = new Runner(host, { actor: self, logic });
  }

  /** How many effects are running. */
  get running(): number {
    return this.#runner.size;
  }

  /** Only now does anything happen (E2). */
  run({ commit, draft }: Plan): void {
    for (const pending of commit.opens) this.#begin(pending, false);
    if (!draft) return;
    const { address, run } = this.#self;
    for (const event of draft.emits) this.#host.emit(address, run, event);
    for (const { id, type, from, failure } of draft.astray) this.#host.dead(run, address, { id, type, from }, failure);
    afterwards(draft, this.#host);
  }

  /** After a crash: what was wished for and is not settled is done again, under the same keys; what is in the ledger is not. */
  redo(results: StoredActor['results']): void {
    for (const pending of this.#self.pendings) {
      const result = results.get(pending.key);
      if (result && pending.kind === 'effect') this.#cell.deliver(fromEffect(pending, result, true));
      else if (pending.kind !== 'child') this.#begin(pending, true);
    }
  }

  /** What is closed is over: its effect stops, its timer is off, its child ends. A late result finds nothing pending (E3). */
  end({ key, kind, data }: OwnPending): void {
    if (kind === 'effect') this.#runner.stop(key);
    if (kind === 'timer') this.#host.alarms.cancel(key);
    if (kind === 'child') this.#host.stopChild(data.address, `its parent ${this.#self.address} let it go`);
  }

  /** A delayed sendTo is due. */
  forward(key: string, to: Address, event: TimerData['event']): void {
    this.#host.courier.send(signal(key, this.#self.address, to, this.#self.run, event));
  }

  /** What a running effect said it had come to, by the child's id. */
  soFar(child: string): Json | undefined {
    return this.#runner.soFar(this.#self.children.get(child));
  }

  stopEffects(): void {
    this.#runner.stopAll();
  }

  /** Leaves the world without a word. */
  abandon(): void {
    this.#runner.stopAll();
    for (const { key, kind } of this.#self.pendings) if (kind === 'timer') this.#host.alarms.cancel(key);
  }

  #begin(pending: Pending, again: boolean): void {
    if (pending.kind === 'timer') this.#host.alarms.set(pending.key, pending.due, this.#self.address);
    else if (pending.kind === 'child') this.#host.spawn(this.#self, pending);
    else if (pending.kind === 'message') this.#host.courier.send(pending.data);
    else void this.#perform(pending, again);
  }

  async #mayBegin({ key }: PendingEffect): Promise<boolean> {
    const isGone = () => !this.#self.pendings.has(key);
    return (await this.#host.mayBegin(this.#self.run, isGone)) && !isGone();
  }

  async #perform(pending: PendingEffect, again: boolean): Promise<void> {
    // A process that stood still after the commit may be the owner no more: another one has begun this meanwhile (E4).
    if (!this.#host.isSureOf(this.#self.run) && !(await this.#mayBegin(pending))) return;
    const outcome = await this.#runner.start(pending, again);
    if (outcome) this.#cell.deliver(fromEffect(pending, outcome, false));
    else this.#host.rested(this.#self.run);
  }
}
