/** One step of one actor in a world: a message or the end of an effect arrives, the machine steps, and the commit of the step takes effect. */
import type { Envelope } from '../../contracts/envelope.ts';
import { toFailure, type Failure } from '../../values/failure.ts';
import type { Address } from '../../values/ids.ts';
import type { Json } from '../../values/json.ts';
import { requirePlain } from '../../values/plain.ts';
import type { Pending } from '../../journal/journal.ts';
import type { ActorType } from '../../core/actorType.ts';
import { childBirth, type Birth } from '../../core/spawn.ts';
import { stateOf, type MachineEvent, type Step } from '../../core/chart.ts';
import type { Delivery } from '../../core/incoming.ts';
import { fromEnvelope } from '../../core/validate.ts';
import { farewell } from '../../core/systemMessages.ts';
import { outboxOf } from '../../core/outbox.ts';
import { asJson, jsonObject } from '../jsonValues.ts';
import { present } from '../present.ts';
import { passedBy } from './visited.ts';
import { childOf, envelopeIn } from '../pendingData.ts';
import type { FindingKind } from './report.ts';
import { client, family, person, senderOf, type Actor, type World } from './world.ts';

/** Something wrong with a step. */
export interface Problem {
  /** What kind of finding it is. */
  readonly kind: FindingKind;
  /** Identifies it: the same kind and text is reported once. */
  readonly about: string;
  /** What is wrong, and what would mend it. */
  readonly says: string;
}

/** What a step did. */
export interface Turn {
  /** The world after it. */
  readonly world: World;
  /** What was wrong with it. */
  readonly problems: readonly Problem[];
  /** Types of asks that were answered. */
  readonly answered: readonly string[];
  /** Ids of the states that were visited, those of microsteps included. */
  readonly passed: readonly string[];
}

/** The state of an actor, as `a.b|c`. */
export const stateOfActor = ({ snapshot, type }: Actor): string => stateOf(snapshot.value, type.chart.machine.root);

/** Starts the root. Throws what its machine throws. */
export function begin(world: World, type: ActorType, birth: Birth): Turn {
  const step = new StepBuilder(world);
  step.spawn(type, birth, type.name);
  return step.result();
}

/** The actor handles the end of something that it asked for itself: an effect or a timer. */
export function takeOwn(world: World, address: Address, delivery: Delivery): Turn {
  const step = new StepBuilder(world);
  step.take(address, delivery);
  return step.result();
}

/** A message arrives at its receiver, which may refuse it. */
export function takeMail(world: World, envelope: Envelope): Turn {
  const step = new StepBuilder({ ...world, mail: world.mail.filter(({ id }) => id !== envelope.id) });
  step.receive(envelope);
  return step.result();
}

/** Builds the world after a step, from the world before it. */
class StepBuilder {
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

  spawn(type: ActorType, birth: Birth, path: string): void {
    let step: Step;
    try {
      step = type.chart.initial(birth.input);
    } catch (thrown) {
      if (birth.parent === undefined) throw thrown;
      this.#broken(`${type.name} at its beginning`, thrown);
      return this.#sendEnd(birth, 1, { error: toFailure(thrown) });
    }
    this.#passed.push(...passedBy(type, step[0], { input: birth.input }));
    const actor = { path, type, birth, seq: 0, pendings: new Map<string, Pending>(), lists: {}, snapshot: step[0] };
    this.#commit(actor, step, undefined, birth.address);
  }

  receive(envelope: Envelope): void {
    const actor = this.#actors.get(envelope.to);
    if (!actor) return; // W3
    const inside = envelope.from !== client && envelope.from !== person;
    let delivery: Delivery;
    try {
      delivery = fromEnvelope(actor.type, envelope, (key) => actor.pendings.get(key), noReply);
    } catch (thrown) {
      if (inside) this.#unhandled(actor, envelope, toFailure(thrown).message);
      return;
    }
    const { id, type } = envelope;
    if (delivery.ask && !inside) this.#asks = [...this.#asks, { id, type }];
    const taken = this.take(envelope.to, delivery);
    if (!taken && inside)
      this.#unhandled(actor, envelope, `in "${stateOfActor(actor)}" it means nothing to "${actor.type.name}"`);
    // A refusal is an answer.
    if (this.#actors.get(envelope.to) === actor) this.#asks = this.#asks.filter((ask) => ask.id !== id);
  }

  /** False when the actor ignores it in this state. */
  take(address: Address, { own, event, id, settles }: Delivery): boolean {
    const actor = present(this.#actors.get(address), `The actor ${address}`);
    if (settles !== undefined && !actor.pendings.has(settles)) return true; // It is stale: E3.
    const { chart } = actor.type;
    const before = actor.snapshot;
    try {
      const step = chart.step(before, event);
      if (!own && step[0] === before && step[1].length === 0 && chart.ignores(before, event)) return false;
      this.#passed.push(...passedBy(actor.type, step[0], { before, event }));
      this.#commit(actor, step, settles, id);
    } catch (thrown) {
      // An unanswered failure ends the actor, as in XState; anything else is a defect of the machine.
      if (!isUnanswered(event, thrown))
        this.#broken(`${actor.type.name} in "${stateOfActor(actor)}" at "${event.type}"`, thrown);
      if (own) this.#fail(actor, toFailure(thrown));
    }
    return true;
  }

  /** Does what the engine does with a step: its actions become a commit, and what the commit opens and closes takes effect. */
  #commit(actor: Actor, step: Step, settles: string | undefined, cause: string): void {
    const { birth, type, seq } = actor;
    const before = seq === 0 ? undefined : actor.snapshot;
    const [snapshot, { length: index }] = step;
    const commit = outboxOf(senderOf(actor), before, step, seq + 1, 0, cause);
    requirePlain(`The context of "${type.name}"`, snapshot.context);
    const done = snapshot.status === 'done';
    const messages = commit.opens.filter(({ kind }) => kind === 'message');
    const opens = done ? [] : commit.opens.filter(({ kind }) => kind !== 'message');
    const closes = done ? [...actor.pendings.keys()] : [...commit.closes, ...(settles === undefined ? [] : [settles])];
    const children = closes.flatMap((key) => {
      const pending = actor.pendings.get(key);
      return pending?.kind === 'child' && key !== settles ? [childOf(pending).address] : [];
    });
    const pendings = new Map([...actor.pendings].filter(([key]) => !closes.includes(key)));
    for (const pending of opens) pendings.set(pending.key, pending);
    const lists = { ...actor.lists };
    for (const { list, entry } of commit.appends) lists[list] = [...(lists[list] ?? []), entry];
    const next: Actor = { ...actor, snapshot, seq: seq + 1, pendings, lists };

    for (const child of children) this.#remove(child);
    for (const message of messages) this.#post(envelopeIn(message));
    for (const { type: said, to } of commit.astray)
      this.#problems.push({
        kind: 'unhandled',
        about: `${type.name} ${said} astray`,
        says: `"${type.name}" sends "${said}" to "${to}", which is no living child machine of it: an effect hears nothing, and who has ended neither.`,
      });
    if (done) {
      this.#actors.delete(birth.address);
      return this.#sendEnd(birth, index, { output: asJson(snapshot.output ?? null) });
    }
    this.#actors.set(birth.address, next);
    for (const pending of opens) if (pending.kind === 'child') this.#spawnChild(next, pending);
  }

  #spawnChild(parent: Actor, pending: Pending): void {
    const child = childOf(pending);
    const { address, run, deadline } = parent.birth;
    const type = present(parent.type.child(child.src), `The child machine "${child.src}" of "${parent.type.name}"`);
    this.spawn(type, childBirth({ address, run, deadline }, pending.key, child), `${parent.path}.${child.id}`);
  }

  #fail(actor: Actor, failure: Failure): void {
    this.#remove(actor.birth.address);
    this.#sendEnd(actor.birth, actor.seq + 1, { error: failure });
  }

  /** An actor has ended: its parent is told, and the end of the root is the end of the run. */
  #sendEnd(birth: Birth, index: number, end: { output: Json } | { error: Failure }): void {
    if (birth.parent === undefined) {
      this.#ended = 'error' in end ? { failure: end.error } : end;
      this.#actors.clear();
      return;
    }
    for (const message of farewell(birth, `${birth.address}/end/${index}`, end)) this.#mail.push(envelopeIn(message));
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

  /** Messages to an actor that has ended, and the end of a child that its parent no longer waits for, change nothing. */
  #isWanted({ to, type, body }: Envelope): boolean {
    const actor = this.#actors.get(to);
    if (!actor) return false;
    const { key } = jsonObject(body);
    return !type.startsWith('xstate.') || (typeof key === 'string' && actor.pendings.has(key));
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

/** In a check nobody waits for the answer of a delivery. */
const noReply = { done() {}, refuse() {} };

/** Is it the failure of a child or effect that the machine did not answer? XState throws the same value again. */
const isUnanswered = (event: MachineEvent, thrown: unknown): boolean => {
  const { error }: Readonly<Record<string, unknown>> = event;
  return event.type.startsWith('xstate.error.') && error === thrown;
};
