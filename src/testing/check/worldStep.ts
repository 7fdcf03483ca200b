/** One step of one actor in a world: a message or the end of an effect arrives, the machine steps, and the commit of the step takes effect. */
import type { Envelope } from '../../contracts/envelope.ts';
import { toFailure, type Failure } from '../../values/failure.ts';
import type { Address } from '../../values/ids.ts';
import type { Json } from '../../values/json.ts';
import { requirePlain } from '../../values/plain.ts';
import type { OwnPending, PendingChild, PendingTimer } from '../../contracts/pending.ts';
import type { ActorType } from '../../core/actorType.ts';
import { childSpawnInfo, type SpawnInfo } from '../../core/spawn.ts';
import { stateOf, type MachineEvent, type MachineStep } from '../../core/chart.ts';
import type { Incoming } from '../../core/incoming.ts';
import { fromEnvelope } from '../../core/validate.ts';
import { endMessageFor, signalEnvelope } from '../../core/systemMessages.ts';
import { buildOutbox } from '../../core/outbox.ts';
import { knownJson, jsonObject } from '../jsonValues.ts';
import { present } from '../present.ts';
import { visitedBy } from './visited.ts';
import type { FindingKind } from './report.ts';
import {
  checkedRun,
  clientAddress,
  withDescendants,
  personAddress,
  senderOf,
  type ModelActor,
  type ModelWorld,
} from './world.ts';

/** Something wrong with a step. */
export interface StepProblem {
  /** What kind of finding it is. */
  readonly kind: FindingKind;
  /** Identifies it: the same kind and text is reported once. */
  readonly about: string;
  /** What is wrong, and what would mend it. */
  readonly says: string;
}

/** What a step did. */
export interface StepResult {
  /** The world after it. */
  readonly world: ModelWorld;
  /** What was wrong with it. */
  readonly problems: readonly StepProblem[];
  /** Types of asks that were answered. */
  readonly answered: readonly string[];
  /** Ids of the states that were visited, those of microsteps included. */
  readonly visited: readonly string[];
}

/** The state of an actor, as `a.b|c`. */
export const stateOfActor = ({ snapshot, type }: ModelActor): string =>
  stateOf(snapshot.value, type.chart.machine.root);

/** Starts the root. Throws what its machine throws. */
export function startRoot(world: ModelWorld, type: ActorType, spawnInfo: SpawnInfo): StepResult {
  const step = new StepBuilder(world);
  step.spawn(type, spawnInfo, type.name);
  return step.result();
}

/** The actor handles the end of something that it asked for itself: an effect or a timer. */
export function deliverOwn(world: ModelWorld, address: Address, delivery: Incoming): StepResult {
  const step = new StepBuilder(world);
  step.take(address, delivery);
  return step.result();
}

/** A message arrives at its receiver, which may refuse it. */
export function deliverMessage(world: ModelWorld, envelope: Envelope): StepResult {
  const step = new StepBuilder({ ...world, messages: world.messages.filter(({ id }) => id !== envelope.id) });
  step.receive(envelope);
  return step.result();
}

/** A delayed `sendTo` is due: the message is sent now, and disappears when its receiver has ended (CW3). */
export function sendDelayed(
  world: ModelWorld,
  actor: ModelActor,
  { key, data }: PendingTimer,
  to: Address,
): StepResult {
  const { address } = actor.spawnInfo;
  const pendings = new Map([...actor.pendings].filter(([pending]) => pending !== key));
  const envelope = signalEnvelope(key, address, to, checkedRun, data.event);
  return new StepBuilder({
    ...world,
    actors: new Map(world.actors).set(address, { ...actor, pendings }),
    messages: [...world.messages, envelope],
  }).result();
}

/** Builds the world after a step, from the world before it. */
class StepBuilder {
  readonly #before: ModelWorld;
  readonly #actors: Map<Address, ModelActor>;
  #messages: Envelope[];
  #asks: ModelWorld['asks'];
  #ended: ModelWorld['ended'];
  readonly #problems: StepProblem[] = [];
  readonly #answered: string[] = [];
  readonly #visited: string[] = [];

  constructor(world: ModelWorld) {
    this.#before = world;
    this.#actors = new Map(world.actors);
    this.#messages = [...world.messages];
    this.#asks = world.asks;
    this.#ended = world.ended;
  }

  result(): StepResult {
    const { root, faultsLeft, lostMessages, taken, lostOutcomes, uncertain } = this.#before;
    const open = (key: string) => [...this.#actors.values()].some(({ pendings }) => pendings.has(key));
    const world: ModelWorld = {
      root,
      faultsLeft,
      lostMessages,
      taken,
      actors: this.#actors,
      messages: this.#messages.filter((envelope) => this.#isWanted(envelope)),
      asks: this.#asks,
      lostOutcomes: lostOutcomes.size === 0 ? lostOutcomes : new Set([...lostOutcomes].filter(open)),
      uncertain: uncertain.size === 0 ? uncertain : new Set([...uncertain].filter(open)),
      ...(this.#ended ? { ended: this.#ended } : {}),
    };
    return { world, problems: this.#problems, answered: this.#answered, visited: this.#visited };
  }

  spawn(type: ActorType, spawnInfo: SpawnInfo, path: string): void {
    let step: MachineStep;
    try {
      step = type.chart.initial(spawnInfo.input);
    } catch (thrown) {
      if (spawnInfo.parent === undefined) throw thrown;
      this.#broken(`${type.name} at its beginning`, thrown);
      return this.#sendEnd(spawnInfo, 1, { error: toFailure(thrown) });
    }
    this.#visited.push(...visitedBy(type, step[0], { input: spawnInfo.input }));
    const actor = {
      path,
      type,
      spawnInfo,
      seq: 0,
      pendings: new Map<string, OwnPending>(),
      lists: {},
      snapshot: step[0],
    };
    this.#commit(actor, step, undefined, spawnInfo.address);
  }

  receive(envelope: Envelope): void {
    const actor = this.#actors.get(envelope.to);
    if (!actor) return; // CW3
    const inside = envelope.from !== clientAddress && envelope.from !== personAddress;
    let delivery: Incoming;
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
  take(address: Address, { isInternal, event, id, settles }: Incoming): boolean {
    const actor = present(this.#actors.get(address), `The actor ${address}`);
    if (settles !== undefined && !actor.pendings.has(settles)) return true; // It is stale: E3.
    const { chart } = actor.type;
    const before = actor.snapshot;
    try {
      const step = chart.step(before, event);
      if (!isInternal && step[0] === before && step[1].length === 0 && chart.ignores(before, event)) return false;
      this.#visited.push(...visitedBy(actor.type, step[0], { before, event }));
      this.#commit(actor, step, settles, id);
    } catch (thrown) {
      // An unanswered failure ends the actor, as in XState; anything else is a defect of the machine.
      if (!isUnanswered(event, thrown))
        this.#broken(`${actor.type.name} in "${stateOfActor(actor)}" at "${event.type}"`, thrown);
      if (isInternal) this.#fail(actor, toFailure(thrown));
    }
    return true;
  }

  /** Does what the engine does with a step: its actions become a commit, and what the commit opens and closes takes effect. */
  #commit(actor: ModelActor, step: MachineStep, settles: string | undefined, cause: string): void {
    const { spawnInfo, type, seq } = actor;
    const before = seq === 0 ? undefined : actor.snapshot;
    const [snapshot, { length: index }] = step;
    const commit = buildOutbox(senderOf(actor), before, step, seq + 1, 0, cause);
    requirePlain(`The context of "${type.name}"`, snapshot.context);
    const done = snapshot.status === 'done';
    const messages = commit.opens.filter((pending) => pending.kind === 'message');
    const opens = done ? [] : commit.opens.filter((pending) => pending.kind !== 'message');
    const closes = done ? [...actor.pendings.keys()] : [...commit.closes, ...(settles === undefined ? [] : [settles])];
    const children = closes.flatMap((key) => {
      const pending = actor.pendings.get(key);
      return pending?.kind === 'child' && key !== settles ? [pending.data.address] : [];
    });
    const pendings = new Map([...actor.pendings].filter(([key]) => !closes.includes(key)));
    for (const pending of opens) pendings.set(pending.key, pending);
    const lists = { ...actor.lists };
    for (const { list, entry } of commit.appends) lists[list] = [...(lists[list] ?? []), entry];
    const next: ModelActor = { ...actor, snapshot, seq: seq + 1, pendings, lists };

    for (const child of children) this.#remove(child);
    for (const message of messages) this.#post(message.data);
    for (const { type: said, to } of commit.undeliverable)
      this.#problems.push({
        kind: 'unhandled',
        about: `${type.name} ${said} astray`,
        says: `"${type.name}" sends "${said}" to "${to}", which is no living child machine of it: an effect hears nothing, and who has ended neither.`,
      });
    if (done) {
      this.#actors.delete(spawnInfo.address);
      return this.#sendEnd(spawnInfo, index, { output: knownJson(snapshot.output ?? null) });
    }
    this.#actors.set(spawnInfo.address, next);
    for (const pending of opens) if (pending.kind === 'child') this.#spawnChild(next, pending);
  }

  #spawnChild(parent: ModelActor, pending: PendingChild): void {
    const { data: child } = pending;
    const { address, run, deadline } = parent.spawnInfo;
    const type = present(parent.type.child(child.src), `The child machine "${child.src}" of "${parent.type.name}"`);
    this.spawn(type, childSpawnInfo({ address, run, deadline }, pending.key, child), `${parent.path}.${child.id}`);
  }

  #fail(actor: ModelActor, failure: Failure): void {
    this.#remove(actor.spawnInfo.address);
    this.#sendEnd(actor.spawnInfo, actor.seq + 1, { error: failure });
  }

  /** An actor has ended: its parent is told, and the end of the root is the end of the run. */
  #sendEnd(spawnInfo: SpawnInfo, index: number, end: { output: Json } | { error: Failure }): void {
    if (spawnInfo.parent === undefined) {
      this.#ended = 'error' in end ? { failure: end.error } : end;
      this.#actors.clear();
      return;
    }
    for (const message of endMessageFor(spawnInfo, `${spawnInfo.address}/end/${index}`, end))
      this.#messages.push(message.data);
  }

  #post(envelope: Envelope): void {
    const { to, correlation } = envelope;
    if (to !== clientAddress) return void this.#messages.push(envelope);
    this.#answered.push(...this.#asks.filter(({ id }) => id === correlation).map(({ type }) => type));
    this.#asks = this.#asks.filter(({ id }) => id !== correlation);
  }

  #remove(address: Address): void {
    for (const each of withDescendants(this.#actors, address)) this.#actors.delete(each);
  }

  /** Messages to an actor that has ended, and the end of a child that its parent no longer waits for, change nothing. */
  #isWanted({ to, type, body }: Envelope): boolean {
    const actor = this.#actors.get(to);
    if (!actor) return false;
    const { key } = jsonObject(body);
    return !type.startsWith('xstate.') || (typeof key === 'string' && actor.pendings.has(key));
  }

  #unhandled({ type: { name } }: ModelActor, { type, from }: Envelope, why: string): void {
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

/** In a check no sender waits for the answer of a delivery. */
const noReply = { acknowledge() {}, reject() {} };

/** Is it the failure of a child or effect that the machine did not answer? XState throws the same value again. */
const isUnanswered = (event: MachineEvent, thrown: unknown): boolean => {
  const { error }: Readonly<Record<string, unknown>> = event;
  return event.type.startsWith('xstate.error.') && error === thrown;
};
