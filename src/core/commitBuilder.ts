/** Builds a commit: what one step opens, closes and appends. Keys are `actor/seq/index`, fixed by the step (E2). */
import type { DeadLetter } from '../contracts/deadLetter.ts';
import { TroupeError } from '../values/failure.ts';
import { actorKeyOf, type Address } from '../values/ids.ts';
import type { Json } from '../values/json.ts';
import type { EffectData, Opening, Pending } from '../contracts/pending.ts';
import type { ActorType } from './actorType.ts';
import type { Action, MachineEvent } from './chart.ts';
import type { Sha256 } from './platform.ts';

/** What a step needs to know of its actor. */
export interface StepActor {
  readonly address: Address;
  readonly run: string;
  readonly type: ActorType;
  readonly parent: Address | undefined;
  readonly deadline: number | undefined;
  /** Keys of what is running, by the child's id. */
  readonly children: ReadonlyMap<string, string>;
  readonly timers: ReadonlyMap<string, string>;
  pending(key: string): Pending | undefined;
}

/** A commit that is being built. */
export class CommitBuilder {
  readonly opens: Pending[] = [];
  readonly closes: string[] = [];
  readonly appends: { list: string; entry: Json }[] = [];
  /** Emitted events: published after the commit. */
  readonly emits: MachineEvent[] = [];
  /** Named actions with code of their own: run after the commit, at most once. */
  readonly customActions: Action[] = [];
  /** Messages to actors that do not exist. */
  readonly undeliverable: DeadLetter[] = [];
  readonly actor: StepActor;
  readonly now: number;
  /** Id of the message that caused the step. */
  readonly cause: string;
  readonly children: Map<string, string>;
  readonly timers: Map<string, string>;
  /** The addresses of the children this step spawns, by XState's reference: a message may be sent to a child before its spawn action comes. */
  readonly spawned = new Map<unknown, Address | undefined>();
  readonly #seq: number;

  constructor(sender: StepActor, seq: number, now: number, cause: string) {
    this.actor = sender;
    this.now = now;
    this.cause = cause;
    this.#seq = seq;
    this.children = new Map(sender.children);
    this.timers = new Map(sender.timers);
  }

  key(index: number): string {
    return `${this.actor.address}/${this.#seq}/${index}`;
  }

  /** Returns the key of what it opens. */
  open(index: number, opening: Opening): string {
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
    return child && `${child.name}/${short(`${actorKeyOf(address)}.${token(id, index)}-${this.#seq}`, child.sha256)}`;
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
    const opening: Opening = address ? { kind: 'child', data: { ...data, address } } : { kind: 'effect', data };
    this.children.set(id, this.open(index, opening));
  }
}

/** What a spawn action asks for. */
export interface SpawnRequest {
  readonly id: string | undefined;
  readonly src: unknown;
  readonly input: Json | undefined;
  readonly systemId: string | undefined;
}

/** A key longer than an address may be (E10) is cut and ends in its hash instead. */
const short = (key: string, sha256: Sha256): string =>
  key.length <= longest ? key : `${key.slice(0, longest - 33)}.${sha256(key).slice(0, 32)}`;
const longest = 200;

/** Part of an address made of any id. An id that was changed on the way gets the action's index, so that two ids never share an address. */
function token(id: string, index: number): string {
  const safe = id.toLowerCase().replace(/[^a-z0-9_-]+/g, '-');
  return safe === id ? id : `${safe}.${index}`;
}
