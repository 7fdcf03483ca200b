/**
 * One living actor: takes one delivery at a time, steps its machine, commits, and only then acts.
 *
 * The order in `#take` is the engine: stale? → step → one commit → answer the sender → act. Reordering any two of them breaks E1, E2 or E5.
 */
import type { AnyActorLogic } from 'xstate';
import type { EffectScope, Outcome } from '../contracts/effect.ts';
import type { Envelope } from '../contracts/envelope.ts';
import { fromFailure, toFailure, TroupeError, type Failure } from '../contracts/failure.ts';
import type { Address } from '../contracts/ids.ts';
import type { ActorStatus } from '../contracts/inspection.ts';
import type { Json, JsonObject } from '../contracts/json.ts';
import type { Commit, Pending, StoredActor } from '../journal/journal.ts';
import type { ActorType } from './actorType.ts';
import { stateOf, type Snapshot, type Step } from './chart.ts';
import { open as openSnapshot, seal } from './compatibility.ts';
import { fromEffect, fromTimer, type Delivery } from './delivery.ts';
import { perform, sleep } from './effects.ts';
import type { Host } from './host.ts';
import { Mailbox } from './mailbox.ts';
import { outboxOf, type ChildData, type EffectData, type Outbox, type Sender } from './outbox.ts';
import { isStale } from './stale.ts';
import { Supervisor } from './supervisor.ts';

/** What an actor is born with; kept in its row for ever. */
export interface Birth {
  readonly address: Address;
  readonly run: string;
  readonly parent: Address | undefined;
  /** The parent's pending this actor lives by. */
  readonly key?: string;
  /** Its id among its parent's children. */
  readonly id?: string;
  readonly input: Json;
  readonly deadline?: number;
  /** Facts about a run for people and commands: its name, the file it came from. */
  readonly about?: Json;
}

type Control =
  | { readonly what: 'stop'; readonly reason: string }
  | { readonly what: 'restart'; readonly by: Address; readonly failure: Failure };

export class Cell implements Sender {
  readonly address: Address;
  readonly run: string;
  readonly type: ActorType;
  readonly parent: Address | undefined;
  readonly deadline: number | undefined;
  readonly children = new Map<string, string>();
  readonly timers = new Map<string, string>();
  readonly supervisor: Supervisor;

  readonly #host: Host;
  readonly #birth: Birth;
  readonly #created: number;
  readonly #mailbox: Mailbox<Delivery>;
  readonly #pendings = new Map<string, Pending>();
  readonly #effects = new Map<string, AbortController>();
  readonly #alarms = new Map<string, Disposable>();
  readonly #lists = new Map<string, Promise<Json[]>>();
  readonly #lengths = new Map<string, number>();
  #snapshot: Snapshot | undefined;
  #seq = 0;
  #status: ActorStatus = 'active';
  #control: Control | undefined;
  #draining = false;
  #dead = false;

  constructor(host: Host, type: ActorType, birth: Birth, created: number) {
    this.#host = host;
    this.type = type;
    this.#birth = birth;
    this.#created = created;
    this.address = birth.address;
    this.run = birth.run;
    this.parent = birth.parent;
    this.deadline = birth.deadline;
    this.supervisor = new Supervisor(type.supervise);
    this.#mailbox = new Mailbox(birth.address, type.mailbox);
  }

  get status(): ActorStatus {
    return this.#status;
  }

  get tags(): ReadonlySet<string> {
    return this.#snapshot?.tags ?? new Set();
  }

  /** Is it doing or about to do something by itself? */
  get busy(): boolean {
    return this.#draining || this.#effects.size > 0 || this.#mailbox.size > 0;
  }

  get working(): boolean {
    return this.#effects.size > 0;
  }

  /** When the next timer is due. */
  get nextTimer(): number | undefined {
    const dues = [...this.#pendings.values()].flatMap(({ kind, due }) =>
      kind === 'timer' && due !== undefined ? [due] : [],
    );
    return dues.length === 0 ? undefined : Math.min(...dues);
  }

  pending(key: string): Pending | undefined {
    return this.#pendings.get(key);
  }

  /** Children in the order they were spawned. */
  childAddresses(): Address[] {
    return [...this.#pendings.values()].flatMap(({ kind, data }) =>
      kind === 'child' ? [(data as unknown as ChildData).address] : [],
    );
  }

  /** First breath: the initial transition and its commit. */
  async begin(): Promise<void> {
    const event = { id: `${this.address}/0`, type: 'xstate.init', body: this.#birth.input };
    await this.#exclusively(async () => {
      try {
        await this.#advance(this.type.chart.initial(this.#birth.input), event, []);
      } catch (thrown) {
        await this.#fail(toFailure(thrown), event);
      }
    });
  }

  /** Goes on from what is stored: what was wished for and is not settled is done again, under the same keys. */
  wake(stored: StoredActor): void {
    this.#snapshot = this.type.chart.restore(openSnapshot(this.type, stored));
    this.#seq = stored.seq;
    this.#status = stored.status;
    for (const [list, length] of Object.entries(stored.lists)) this.#lengths.set(list, length);
    for (const pending of stored.pending) this.#note(pending);
    for (const pending of stored.pending) this.#act(pending, true, stored.results.get(pending.key));
  }

  /** Hands in a delivery. Rejects at once when the mailbox is full; otherwise `done` or `refuse` is called later. */
  deliver(delivery: Delivery): void | Promise<void> {
    if (this.#dead) return delivery.refuse(new TroupeError('fenced', `This process no longer runs ${this.address}.`));
    if (this.#status !== 'active') return this.#tooLate(delivery);
    const room = this.#mailbox.put(delivery);
    if (room) return room.then(() => this.#drain());
    this.#drain();
  }

  stop(reason: string): void {
    this.#command({ what: 'stop', reason });
  }

  restart(by: Address, failure: Failure): void {
    this.#command({ what: 'restart', by, failure });
  }

  /** Lets go of everything without a word in the journal: the process is ending, or another one owns the run. */
  abandon(): void {
    this.#dead = true;
    this.#silence();
    for (let item = this.#mailbox.take(); item; item = this.#mailbox.take())
      item.refuse(new TroupeError('fenced', `This process no longer runs ${this.address}.`));
  }

  #command(control: Control): void {
    this.#control = control;
    for (const effect of this.#effects.values()) effect.abort();
    this.#drain();
  }

  #drain(): void {
    if (this.#draining || this.#dead) return;
    void this.#exclusively(async () => {});
  }

  async #exclusively(first: () => Promise<void>): Promise<void> {
    this.#draining = true;
    try {
      await first();
      while (!this.#dead && this.#status === 'active') {
        const control = this.#control;
        if (control) {
          this.#control = undefined;
          await this.#obey(control);
          continue;
        }
        const delivery = this.#mailbox.take();
        if (!delivery) break;
        await this.#take(delivery);
      }
    } catch (thrown) {
      this.#host.lost(this, toFailure(thrown));
    } finally {
      this.#draining = false;
      this.#host.rested(this);
    }
    if (this.#status !== 'active') this.#close();
  }

  async #take(delivery: Delivery): Promise<void> {
    if (isStale(delivery, (key) => this.#pendings.has(key))) return delivery.done();
    if (delivery.settles) this.#effects.delete(delivery.settles);
    let step: Step;
    try {
      step = this.type.chart.step(this.#snapshot!, delivery.event);
    } catch (thrown) {
      return this.#broken(delivery, toFailure(thrown));
    }
    if (!delivery.own && step[0] === this.#snapshot && step[1].length === 0)
      return delivery.refuse(this.#unhandled(delivery));
    try {
      await this.#advance(
        step,
        causeOf(delivery),
        delivery.settles === undefined ? [] : [delivery.settles],
        delivery.result,
        !delivery.own,
      );
    } catch (thrown) {
      const failure = toFailure(thrown);
      if (failure.kind === 'conflict' && (failure.data as { duplicate?: boolean } | undefined)?.duplicate)
        return this.#seenBefore(delivery);
      if (failure.kind === 'fenced' || failure.kind === 'conflict') {
        delivery.refuse(fromFailure(failure));
        throw thrown;
      }
      return this.#broken(delivery, failure);
    }
    delivery.done();
  }

  /** Commits a step and then, only then, acts upon it. */
  async #advance(
    [snapshot, actions]: Step,
    event: Commit['event'],
    settled: readonly string[],
    result?: Delivery['result'],
    inbox = false,
  ): Promise<void> {
    const now = this.#host.clock.now();
    const out = outboxOf(this, this.#seq + 1, now, event.id, actions);
    const done = snapshot.status === 'done';
    const closes = [...settled, ...out.closes, ...(done ? this.#everything(settled, out.closes) : [])];
    const opens = done
      ? [
          ...out.opens.filter(({ kind }) => kind === 'message'),
          ...this.#farewell(
            `xstate.done.actor.${this.#birth.id}`,
            { output: (snapshot.output ?? null) as Json },
            actions.length,
          ),
        ]
      : out.opens;
    await this.#commit(snapshot, done ? 'done' : 'active', event, {
      opens,
      closes,
      appends: out.appends,
      results: result ? [result] : [],
      inbox,
    });
    this.#afterwards(out);
  }

  async #commit(
    snapshot: Snapshot | undefined,
    status: ActorStatus,
    event: Commit['event'],
    {
      opens,
      closes,
      appends,
      results,
      inbox,
    }: Pick<Commit, 'opens' | 'closes' | 'appends' | 'results'> & { inbox?: boolean },
    failure?: Failure,
  ): Promise<void> {
    const { clock, journal } = this.#host;
    const now = clock.now();
    const { id, type, from, body } = event;
    const row: Commit = {
      run: this.run,
      actor: this.address,
      type: this.type.name,
      parent: this.parent,
      status,
      state: snapshot ? stateOf(snapshot.value) : '',
      tags: snapshot ? [...snapshot.tags] : [],
      created: this.#created,
      updated: now,
      seq: this.#seq + 1,
      meta: this.#birth as unknown as Json,
      snapshot: {
        ...seal(this.type, snapshot ? this.type.chart.save(snapshot) : {}),
        ...(failure ? { failure } : {}),
      } as unknown as Json,
      epoch: this.#host.epoch(this.run),
      event: { id, type, body, ...(from === undefined ? {} : { from }), ...(inbox ? { inbox } : {}) },
      opens,
      closes,
      results,
      appends,
    };
    for (let pause = 100; ; pause = Math.min(pause * 2, 5_000)) {
      try {
        await journal.commit(row);
        break;
      } catch (thrown) {
        const stalled = toFailure(thrown);
        if (stalled.kind !== 'storage' || this.#dead) throw thrown;
        this.#host.observe?.({
          type: 'stalled',
          at: clock.now(),
          run: this.run,
          actor: this.address,
          failure: stalled,
        });
        await sleep(clock, pause, this.#host.ending);
      }
    }
    if (this.#dead) throw new TroupeError('fenced', `This process no longer runs ${this.address}.`);

    this.#snapshot = snapshot;
    this.#seq = row.seq;
    this.#status = status;
    for (const key of closes) this.#forget(key);
    for (const pending of opens) this.#note(pending);
    for (const { list, entry } of appends) {
      this.#lengths.set(list, (this.#lengths.get(list) ?? 0) + 1);
      void this.#lists.get(list)?.then((entries) => entries.push(entry));
    }
    this.#host.observe?.({
      type: 'commit',
      at: now,
      run: this.run,
      actor: this.address,
      parent: this.parent,
      seq: row.seq,
      event: { id, type, from, body },
      state: (snapshot?.value ?? null) as Json,
      tags: row.tags,
      context: (snapshot?.context ?? null) as Json,
      status,
      ...(failure ? { failure } : {}),
    });
    for (const pending of opens) this.#act(pending, false);
  }

  #afterwards({ emits, customs }: Outbox): void {
    for (const event of emits) this.#host.emit(this.address, this.run, event);
    for (const { type, exec, info, params } of customs) {
      try {
        exec?.(info, params);
      } catch (thrown) {
        this.#host.observe?.({
          type: 'progress',
          at: this.#host.clock.now(),
          run: this.run,
          actor: this.address,
          key: type,
          note: { action: type, failure: toFailure(thrown) } as unknown as Json,
        });
      }
    }
  }

  #note(pending: Pending): void {
    this.#pendings.set(pending.key, pending);
    const { id } = pending.data as { id?: string };
    if (id === undefined || pending.kind === 'message') return;
    if (pending.kind === 'timer') this.timers.set(id, pending.key);
    else this.children.set(id, pending.key);
  }

  /** What is closed is over: its effect stops, its timer is off, its child ends. A late result finds nothing pending (E3). */
  #forget(key: string): void {
    const pending = this.#pendings.get(key);
    if (!pending) return;
    this.#pendings.delete(key);
    const { id = '', address } = pending.data as { id?: string; address?: Address };
    if (this.children.get(id) === key) this.children.delete(id);
    if (this.timers.get(id) === key) this.timers.delete(id);
    this.#effects.get(key)?.abort();
    this.#effects.delete(key);
    this.#alarms.get(key)?.[Symbol.dispose]();
    this.#alarms.delete(key);
    if (pending.kind === 'child' && address) this.#host.stopChild(address, `its parent ${this.address} let it go`);
  }

  #act(pending: Pending, again: boolean, result?: Outcome): void {
    switch (pending.kind) {
      case 'effect':
        if (result) void this.deliver(fromEffect(pending, result));
        else void this.#perform(pending, again);
        break;
      case 'timer': {
        const { to, event } = pending.data as { to?: Address; event: JsonObject & { type: string } };
        const due = () => (to ? this.#forward(pending.key, to, event) : void this.deliver(fromTimer(pending)));
        this.#alarms.set(pending.key, this.#host.clock.wake(pending.due!, due));
        break;
      }
      case 'child':
        this.#host.spawn(this, pending, again);
        break;
      case 'message':
        this.#host.courier.send(pending.data as unknown as Envelope, pending.key);
        this.#pendings.delete(pending.key);
        break;
    }
  }

  async #perform(pending: Pending, again: boolean): Promise<void> {
    const { clock } = this.#host;
    const { src, input } = pending.data as unknown as EffectData;
    const controller = new AbortController();
    this.#effects.set(pending.key, controller);
    const told = { run: this.run, actor: this.address, key: pending.key, name: src, again };
    this.#host.observe?.({ type: 'effect.started', at: clock.now(), ...told });
    const scope: EffectScope = {
      key: pending.key,
      actor: this.address,
      run: this.run,
      signal: controller.signal,
      deadline: this.deadline,
      clock,
      again,
      list: (name) => this.#list(name),
      progress: (note) =>
        this.#host.observe?.({
          type: 'progress',
          at: clock.now(),
          run: this.run,
          actor: this.address,
          key: pending.key,
          note,
        }),
    };
    const logic = this.type.chart.machine.implementations.actors[src] as AnyActorLogic;
    const outcome = await perform(logic, { id: '', src, input }, scope);
    if (this.#dead || controller.signal.aborted) {
      this.#effects.delete(pending.key);
      this.#host.observe?.({ type: 'effect.stopped', at: clock.now(), ...told });
      return this.#host.rested(this);
    }
    this.#host.observe?.(
      outcome.ok
        ? { type: 'effect.done', at: clock.now(), ...told }
        : { type: 'effect.failed', at: clock.now(), ...told, failure: outcome.failure },
    );
    void this.deliver(fromEffect(pending, outcome));
  }

  /** The entries of a list, read once and kept current while the actor lives. */
  async #list(name: string): Promise<readonly Json[]> {
    let entries = this.#lists.get(name);
    if (!entries)
      this.#lists.set(name, (entries = this.#host.journal.list(this.address, name, 0, this.#lengths.get(name) ?? 0)));
    return (await entries).slice();
  }

  #forward(key: string, to: Address, event: JsonObject & { type: string }): void {
    const envelope = {
      id: key,
      type: event.type,
      body: event,
      from: this.address,
      to,
      run: this.run,
      kind: 'signal',
    } as Envelope;
    this.#host.courier.send(envelope, key);
    this.#pendings.delete(key);
  }

  /** The machine threw. Its state is what it was at the last commit; its supervisor says what becomes of it. */
  async #broken(delivery: Delivery, failure: Failure): Promise<void> {
    if (delivery.result)
      await this.#host.journal.record(
        this.run,
        this.#host.epoch(this.run),
        this.address,
        this.#host.clock.now(),
        delivery.result,
      );
    const verdict = this.#host.judge(this, failure, !delivery.own);
    if (verdict.escalate) {
      await this.#fail(failure, causeOf(delivery));
      return delivery.refuse(fromFailure(failure));
    }
    if (verdict.restart === 'resume') {
      await this.#bury(delivery, failure);
      this.#host.observe?.({
        type: 'restarted',
        at: this.#host.clock.now(),
        run: this.run,
        actor: this.address,
        by: this.parent ?? 'system',
        how: 'resume',
        failure,
      });
      return delivery.refuse(fromFailure(failure));
    }
    delivery.refuse(fromFailure(failure));
    for (const address of verdict.who) this.#host.restart(address, this.parent ?? 'system', failure);
  }

  /** Dead letters are kept with their reason; whoever asked is told. The message counts as handled, so that it does not come back. */
  async #bury(delivery: Delivery, failure: Failure): Promise<void> {
    const { id, event, body, from } = delivery;
    const letter = {
      id,
      type: event.type,
      from: from ?? this.address,
      body,
      failure,
      at: this.#host.clock.now(),
    } as unknown as Json;
    const key = `${this.address}/${this.#seq + 1}/0`;
    const answer: Envelope | undefined = delivery.ask && {
      id: key,
      type: 'failure',
      body: { failure } as Envelope['body'],
      from: this.address,
      to: delivery.ask.from,
      run: this.run,
      kind: 'failure',
      correlation: id,
      causation: id,
    };
    const opens: Pending[] = answer ? [{ key, kind: 'message', data: answer as unknown as Json }] : [];
    const closes = delivery.settles === undefined ? [] : [delivery.settles];
    await this.#commit(
      this.#snapshot,
      'active',
      { id, type: event.type, body, ...(from === undefined ? {} : { from }) },
      { opens, closes, appends: [{ list: 'dead', entry: letter }], results: [], inbox: true },
    );
    this.#host.dead(this.run, this.address, { id, type: event.type, from: from ?? this.address }, failure);
  }

  #unhandled({ event }: Delivery): TroupeError {
    const state = stateOf(this.#snapshot!.value);
    return new TroupeError(
      'unknown_message',
      `${this.address} is in "${state}", where "${event.type}" means nothing. Nothing was changed.`,
      { data: { state } },
    );
  }

  /** The same message again: nothing happens twice, and an asker gets the answer that was given (E1). */
  async #seenBefore(delivery: Delivery): Promise<void> {
    const handled = await this.#host.journal.handled(this.address, delivery.id);
    if (handled && JSON.stringify(handled.body) !== JSON.stringify(delivery.body)) {
      return delivery.refuse(
        new TroupeError(
          'conflict',
          `${this.address} handled a message with id ${delivery.id} and another body. Use a new id for a new message.`,
        ),
      );
    }
    if (delivery.ask && handled?.reply) this.#host.courier.send(handled.reply, handled.reply.id);
    delivery.done();
  }

  async #obey(control: Control): Promise<void> {
    const closes = this.#everything([], []);
    if (control.what === 'stop') {
      const event = { id: `${this.address}/stop`, type: 'troupe.stop', body: control.reason };
      return this.#commit(this.#snapshot, 'stopped', event, { opens: [], closes, appends: [], results: [] });
    }
    const { by, failure } = control;
    const event = {
      id: `${this.address}/${this.#seq}/restart`,
      type: 'troupe.restart',
      body: failure as unknown as Json,
    };
    this.#host.observe?.({
      type: 'restarted',
      at: this.#host.clock.now(),
      run: this.run,
      actor: this.address,
      by,
      how: 'fresh',
      failure,
    });
    try {
      await this.#advance(this.type.chart.initial(this.#birth.input), event, closes);
    } catch (thrown) {
      await this.#fail(toFailure(thrown), event);
    }
  }

  /** The end in failure: children stop, the parent is told. */
  async #fail(failure: Failure, event: Commit['event']): Promise<void> {
    if (failure.kind === 'fenced') throw fromFailure(failure);
    const opens = this.#farewell(`xstate.error.actor.${this.#birth.id}`, { error: failure as unknown as Json }, 0);
    await this.#commit(
      this.#snapshot,
      'failed',
      event,
      { opens, closes: this.#everything([], []), appends: [], results: [] },
      failure,
    );
  }

  /** The word to the parent that this actor has ended. */
  #farewell(type: string, body: JsonObject, index: number): Pending[] {
    if (this.parent === undefined || this.#birth.key === undefined) return [];
    const key = `${this.address}/${this.#seq + 1}/${index}`;
    const envelope = {
      id: key,
      type,
      body: { ...body, key: this.#birth.key },
      from: this.address,
      to: this.parent,
      run: this.run,
      kind: 'signal',
    };
    return [{ key, kind: 'message', data: envelope as unknown as Json }];
  }

  #everything(...except: (readonly string[])[]): string[] {
    const gone = new Set(except.flat());
    // Children stop in reverse order of their birth.
    return [...this.#pendings.values()]
      .filter(({ kind, key }) => kind !== 'message' && !gone.has(key))
      .map(({ key }) => key)
      .reverse();
  }

  #silence(): void {
    for (const effect of this.#effects.values()) effect.abort();
    for (const alarm of this.#alarms.values()) alarm[Symbol.dispose]();
    this.#alarms.clear();
  }

  #close(): void {
    this.#silence();
    for (let item = this.#mailbox.take(); item; item = this.#mailbox.take()) this.#tooLate(item);
    this.#host.ended(this);
  }

  #tooLate(delivery: Delivery): void {
    if (delivery.own) delivery.done();
    else
      delivery.refuse(
        new TroupeError('conflict', `${this.address} has ended (${this.#status}); it takes no more messages.`),
      );
  }
}

const causeOf = ({ id, event, from, body }: Delivery): Commit['event'] => ({
  id,
  type: event.type,
  body,
  ...(from === undefined ? {} : { from }),
});
