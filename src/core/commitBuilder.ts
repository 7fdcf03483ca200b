/** Collects what one step opens, closes and appends; `toCommit` makes the commit of it. Keys are `actor/seq/index`, fixed by the step (E2). */
import type { DeadLetter } from '../contracts/deadLetter.ts';
import { TroupeError } from '../values/failure.ts';
import { actorKeyOf, type Address } from '../values/ids.ts';
import type { Json } from '../values/json.ts';
import type { EffectData, NewPending, Pending } from '../contracts/pending.ts';
import type { ActorType } from './actorType.ts';
import type { Action, MachineEvent } from './chart.ts';
import type { Sha256 } from './platform.ts';
import type { Commit } from '../contracts/commit.ts';

/** What a step needs to know of its actor. */
export interface StepActor {
  /** Its address, `type/key`. */
  readonly address: Address;
  /** The id of its run. */
  readonly run: string;
  /** Its type, with the machine. */
  readonly type: ActorType;
  /** The address of its parent; undefined for the root of a run. */
  readonly parent: Address | undefined;
  /** Milliseconds since the epoch; undefined without one. */
  readonly deadline: number | undefined;
  /** Keys of what is running, by the child's id. */
  readonly children: ReadonlyMap<string, string>;
  /** Keys of running timers, by their id. */
  readonly timers: ReadonlyMap<string, string>;
  /** What is pending under a key. */
  pending(key: string): Pending | undefined;
}

/** The changes of one step, while its actions are handled one after the other. */
export class CommitBuilder {
  /** What the step starts: effects, children, timers, messages. */
  readonly opens: Pending[] = [];
  /** Keys of what the step ends. */
  readonly closes: string[] = [];
  /** Entries for the actor's lists, in order. */
  readonly appends: Commit['appends'][number][] = [];
  /** Emitted events: published after the commit. */
  readonly emits: MachineEvent[] = [];
  /** Named actions with code of their own: run after the commit, at most once. */
  readonly customActions: Action[] = [];
  /** Messages to actors that do not exist. */
  readonly undeliverable: DeadLetter[] = [];
  /** The actor that takes the step, as of its last commit. */
  readonly actor: StepActor;
  /** The time of the step, in milliseconds since the epoch. */
  readonly now: number;
  /** Id of the message that caused the step. */
  readonly cause: string;
  /** Keys of what will be running after the step, by the child's id. */
  readonly children: KeysById;
  /** Keys of the timers after the step, by their id. */
  readonly timers: KeysById;
  /** The addresses of the children this step spawns, by XState's reference: a message may be sent to a child before its spawn action comes. Undefined when it spawns none. */
  spawned: Map<unknown, Address | undefined> | undefined;
  readonly #seq: number;

  constructor(actor: StepActor, seq: number, now: number, cause: string) {
    this.actor = actor;
    this.now = now;
    this.cause = cause;
    this.#seq = seq;
    this.children = new KeysById(actor, 'children');
    this.timers = new KeysById(actor, 'timers');
  }

  /** The key of the action at a place in the step. */
  key(index: number): string {
    return `${this.actor.address}/${this.#seq}/${index}`;
  }

  /** Returns the key of what it opens. */
  open(index: number, opening: NewPending): string {
    const key = this.key(index);
    this.opens.push({ key, ...opening });
    return key;
  }

  /** Closing something opened in the same step removes it from the commit. */
  close(key: string | undefined): void {
    if (key === undefined) return;
    const opened = this.opens.findIndex((pending) => pending.key === key);
    if (opened >= 0) this.opens.splice(opened, 1);
    else this.closes.push(key);
  }

  /** The address of the child that a spawn makes; undefined for an effect. */
  childAddress(index: number, id: string, src: unknown): Address | undefined {
    const child = typeof src === 'string' ? this.actor.type.child(src) : undefined;
    const { address } = this.actor;
    return (
      child &&
      flat(child.name, '/', shortened(`${actorKeyOf(address)}.${addressToken(id, index)}-${this.#seq}`, child.sha256))
    );
  }

  /** Spawns an actor when `src` names a machine, an effect otherwise. */
  spawn(index: number, { id, src, input, systemId }: SpawnRequest): void {
    const refuse = (why: string) =>
      new TroupeError(
        'unsupported',
        `"${this.actor.type.name}" spawns "${typeof src === 'string' ? src : 'logic without a name'}" ${why}`,
      );
    if (typeof src !== 'string') {
      throw refuse(
        'inline: after a restart nobody could find it. Declare it in setup({ actors }) and spawn it by name.',
      );
    }
    if (id === undefined) throw refuse('without an id: after a restart nobody could find it. Give it an id.');
    if (systemId !== undefined) {
      throw refuse(`with a systemId ("${systemId}"), which is not supported; send to an address instead.`);
    }
    this.close(this.children.get(id));
    const data: EffectData = { id, src, input: input ?? null };
    const address = this.childAddress(index, id, src);
    const opening: NewPending = address ? { kind: 'child', data: { ...data, address } } : { kind: 'effect', data };
    this.children.set(id, this.open(index, opening));
  }
}

/** Keys by id as a step leaves them: those that it changes, and those of its actor, which are looked at when a key is asked for. */
class KeysById {
  readonly #actor: StepActor;
  readonly #kind: 'children' | 'timers';
  #changes: Map<string, string | undefined> | undefined;

  constructor(actor: StepActor, kind: 'children' | 'timers') {
    this.#actor = actor;
    this.#kind = kind;
  }

  /** Undefined when nothing runs under the id. */
  get(id: string): string | undefined {
    return this.#changes?.has(id) ? this.#changes.get(id) : this.#actor[this.#kind].get(id);
  }

  /** `key` is undefined for what has ended. */
  set(id: string, key: string | undefined): void {
    (this.#changes ??= new Map()).set(id, key);
  }
}

/** What a spawn action asks for. */
export interface SpawnRequest {
  /** The id of the child among its parent's children. */
  readonly id: string | undefined;
  /** Its name in `setup({ actors })`; anything else cannot be spawned. */
  readonly src: unknown;
  /** Its input; `null` by default. */
  readonly input: Json | undefined;
  /** Not supported: must be undefined. */
  readonly systemId: string | undefined;
}

/** A key longer than an address may be (E10) is cut and ends in its hash instead. */
const shortened = (key: string, sha256: Sha256): string =>
  key.length <= maxKeyLength ? key : `${key.slice(0, maxKeyLength - 33)}.${sha256(key).slice(0, 32)}`;
const maxKeyLength = 200;

/** The texts as one. the JavaScript engine keeps the parts of a template beside the whole, which would double the memory of an actor at rest. */
const flat = (...texts: string[]): string => texts.join('');

/** Part of an address made of any id. An id with characters that an address cannot have is changed, and gets the action's index, so that two ids never share an address. */
function addressToken(id: string, index: number): string {
  const safe = id.toLowerCase().replace(/[^a-z0-9_-]+/g, '-');
  return safe === id ? id : `${safe}.${index}`;
}
