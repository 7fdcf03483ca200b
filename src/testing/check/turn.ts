/** One turn of one actor in a world: a delivery, the step it causes, and everything that the commit of the step brings with it. */
import type { Envelope } from '../../contracts/envelope.ts';
import { toFailure, type Failure } from '../../contracts/failure.ts';
import type { Address } from '../../contracts/ids.ts';
import type { Json } from '../../contracts/json.ts';
import { requirePlain } from '../../contracts/plain.ts';
import type { Pending } from '../../journal/journal.ts';
import type { ActorType } from '../../system/actorType.ts';
import { childBirth, type Birth } from '../../system/birth.ts';
import { stateOf, type MachineEvent, type Step } from '../../system/chart.ts';
import type { Delivery } from '../../system/delivery.ts';
import { fromEnvelope } from '../../system/doorway.ts';
import { farewell } from '../../system/letters.ts';
import { outboxOf } from '../../system/outbox.ts';
import type { ChildData } from '../../contracts/pending.ts';
import { passedBy } from './passed.ts';
import type { FindingKind } from './report.ts';
import { client, family, person, senderOf, type Actor, type World } from './world.ts';

export interface Problem {
  readonly kind: FindingKind;
  /** One problem is found once, however many ways lead to it. */
  readonly about: string;
  readonly says: string;
}

/** What came of a turn. */
export interface Turn {
  readonly world: World;
  readonly problems: readonly Problem[];
  /** Types of asks that were answered. */
  readonly answered: readonly string[];
  /** Ids of the states that were passed, those without rest included. */
  readonly passed: readonly string[];
}

export const stateOfActor = ({ snapshot, type }: Actor): string => stateOf(snapshot.value, type.chart.machine.root);

/** The first breath of the root. Throws what its machine throws. */
export function begin(world: World, type: ActorType, birth: Birth): Turn {
  const turn = new Turning(world);
  turn.bear(type, birth, type.name);
  return turn.result();
}

/** The actor takes something that it asked for itself: the end of an effect, a timer. */
export function takeOwn(world: World, address: Address, delivery: Delivery): Turn {
  const turn = new Turning(world);
  turn.take(address, delivery);
  return turn.result();
}

/** A message arrives. `refused` when its receiver has no use for it. */
export function takeMail(world: World, envelope: Envelope): Turn {
  const turn = new Turning({ ...world, mail: world.mail.filter(({ id }) => id !== envelope.id) });
  turn.receive(envelope);
  return turn.result();
}

class Turning {
  readonly #before: World;
  readonly #actors: Map<Address, Actor>;
  #mail: Envelope[];
  #asks: World['asks'];
  #ended: World['ended'];
  readonly #problems: Problem[] = [];
  readonly #answered: string[] = [];
  readonly #passed: string[] = [];

  constructor(world: World) {
    this.#before = world;
    this.#actors = new Map(world.actors);
    this.#mail = [...world.mail];
    this.#asks = world.asks;
    this.#ended = world.ended;
  }

  result(): Turn {
    const { root, left, lost, mute, doubtful } = this.#before;
    const open = (key: string) => [...this.#actors.values()].some(({ pendings }) => pendings.has(key));
    const world: World = {
      root,
      left,
      lost,
      actors: this.#actors,
      mail: this.#mail.filter((envelope) => this.#isWanted(envelope)),
      asks: this.#asks,
      mute: mute.size === 0 ? mute : new Set([...mute].filter(open)),
      doubtful: doubtful.size === 0 ? doubtful : new Set([...doubtful].filter(open)),
      ...(this.#ended ? { ended: this.#ended } : {}),
    };
    return { world, problems: this.#problems, answered: this.#answered, passed: this.#passed };
  }

  bear(type: ActorType, birth: Birth, path: string): void {
    let step: Step;
    try {
      step = type.chart.initial(birth.input);
    } catch (thrown) {
      if (birth.parent === undefined) throw thrown;
      this.#broken(`${type.name} at its beginning`, thrown);
      return this.#farewell(birth, 1, { error: toFailure(thrown) });
    }
    this.#passed.push(...passedBy(type, step[0], { input: birth.input }));
    const unborn = { path, type, birth, seq: 0, pendings: new Map<string, Pending>(), lists: {} };
    this.#commit({ ...unborn, snapshot: step[0] }, step, undefined, birth.address);
  }

  receive(envelope: Envelope): void {
    const actor = this.#actors.get(envelope.to);
    if (!actor) return; // W3
    const inside = envelope.from !== client && envelope.from !== person;
    let delivery: Delivery;
    try {
      delivery = fromEnvelope(actor.type, envelope, (key) => actor.pendings.get(key), nobody);
    } catch (thrown) {
      if (inside) this.#unhandled(actor, envelope, toFailure(thrown).message);
      return;
    }
    const { id, type } = envelope;
    if (delivery.ask && !inside) this.#asks = [...this.#asks, { id, type }];
    const taken = this.take(envelope.to, delivery);
    if (!taken && inside)
      this.#unhandled(actor, envelope, `in "${stateOfActor(actor)}" it means nothing to "${actor.type.name}"`);
    // Whoever is refused has an answer.
    if (this.#actors.get(envelope.to) === actor) this.#asks = this.#asks.filter((ask) => ask.id !== id);
  }

  /** False when it means nothing in this state. */
  take(address: Address, { own, event, id, settles }: Delivery): boolean {
    const actor = this.#actors.get(address)!;
    if (settles !== undefined && !actor.pendings.has(settles)) return true; // Stale: E3.
    const { chart } = actor.type;
    const before = actor.snapshot;
    try {
      const step = chart.step(before, event);
      if (!own && step[0] === before && step[1].length === 0 && chart.ignores(before, event)) return false;
      this.#passed.push(...passedBy(actor.type, step[0], { before, event }));
      this.#commit(actor, step, settles, id);
    } catch (thrown) {
      // A failure that nobody answers is the actor's end, which is how XState has it; anything else is a defect.
      if (!isUnanswered(event, thrown))
        this.#broken(`${actor.type.name} in "${stateOfActor(actor)}" at "${event.type}"`, thrown);
      if (own) this.#fail(actor, toFailure(thrown));
    }
    return true;
  }

  /** As `Self.step` does it: the wishes of a step are read, and what they open and close is so. */
  #commit(actor: Actor, step: Step, settles: string | undefined, cause: string): void {
    const { birth, type, seq } = actor;
    const before = seq === 0 ? undefined : actor.snapshot;
    const [snapshot, { length: index }] = step;
    const draft = outboxOf(senderOf(actor), before, step, seq + 1, 0, cause);
    requirePlain(`The context of "${type.name}"`, snapshot.context);
    const done = snapshot.status === 'done';
    const letters = draft.opens.filter(({ kind }) => kind === 'message');
    const opens = done ? [] : draft.opens.filter(({ kind }) => kind !== 'message');
    const closes = done ? [...actor.pendings.keys()] : [...draft.closes, ...(settles === undefined ? [] : [settles])];
    const children = closes.flatMap((key) => {
      const pending = actor.pendings.get(key);
      return pending?.kind === 'child' && key !== settles ? [(pending.data as unknown as ChildData).address] : [];
    });
    const pendings = new Map([...actor.pendings].filter(([key]) => !closes.includes(key)));
    for (const pending of opens) pendings.set(pending.key, pending);
    const lists = { ...actor.lists };
    for (const { list, entry } of draft.appends) lists[list] = [...(lists[list] ?? []), entry];
    const next: Actor = { ...actor, snapshot, seq: seq + 1, pendings, lists };

    for (const child of children) this.#remove(child);
    for (const { data } of letters) this.#post(data as unknown as Envelope);
    for (const { type: said, to } of draft.astray)
      this.#problems.push({
        kind: 'unhandled',
        about: `${type.name} ${said} astray`,
        says: `"${type.name}" sends "${said}" to "${to}", which is no living child machine of it: an effect hears nothing, and who has ended neither.`,
      });
    if (done) {
      this.#actors.delete(birth.address);
      return this.#farewell(birth, index, { output: (snapshot.output ?? null) as Json });
    }
    this.#actors.set(birth.address, next);
    for (const pending of opens) if (pending.kind === 'child') this.#spawn(next, pending);
  }

  #spawn(parent: Actor, { key, data }: Pending): void {
    const child = data as unknown as ChildData;
    const { address, deadline } = parent.birth;
    const type = parent.type.child(child.src)!;
    this.bear(type, childBirth({ address, run: parent.birth.run, deadline }, key, child), `${parent.path}.${child.id}`);
  }

  #fail(actor: Actor, failure: Failure): void {
    this.#remove(actor.birth.address);
    this.#farewell(actor.birth, actor.seq + 1, { error: failure });
  }

  #farewell(birth: Birth, index: number, end: { output: Json } | { error: Failure }): void {
    if (birth.parent === undefined) {
      this.#ended = 'error' in end ? { failure: end.error } : end;
      this.#actors.clear();
      return;
    }
    for (const { data } of farewell(birth, `${birth.address}/end/${index}`, end))
      this.#mail.push(data as unknown as Envelope);
  }

  #post(envelope: Envelope): void {
    const { to, correlation } = envelope;
    if (to !== client) return void this.#mail.push(envelope);
    this.#answered.push(...this.#asks.filter(({ id }) => id === correlation).map(({ type }) => type));
    this.#asks = this.#asks.filter(({ id }) => id !== correlation);
  }

  #remove(address: Address): void {
    for (const each of family(this.#actors, address)) this.#actors.delete(each);
  }

  /** The word of a child that nobody waits for any more, and mail for who is gone, change nothing. */
  #isWanted({ to, type, body }: Envelope): boolean {
    const actor = this.#actors.get(to);
    if (!actor) return false;
    return !type.startsWith('xstate.') || actor.pendings.has((body as { key?: string }).key ?? '');
  }

  #unhandled({ type: { name } }: Actor, { type, from }: Envelope, why: string): void {
    const sender = this.#before.actors.get(from)?.type.name ?? from;
    this.#problems.push({
      kind: 'unhandled',
      about: `${name} ${type} ${why}`,
      says: `Nobody handles "${type}" from "${sender}": ${why}. Let the state take it, if only with \`on: { '${type}': {} }\`, or do not send it then.`,
    });
  }

  #broken(where: string, thrown: unknown): void {
    const { message } = toFailure(thrown);
    this.#problems.push({
      kind: 'broken',
      about: `${where} ${message}`,
      says: `A step of ${where} throws: ${message}`,
    });
  }
}

const nobody = { done() {}, refuse() {} };
const isUnanswered = (event: MachineEvent, thrown: unknown): boolean =>
  event.type.startsWith('xstate.error.') && (event as { error?: unknown }).error === thrown;
