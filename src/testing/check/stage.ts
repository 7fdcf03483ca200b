/** What is looked at, whatever it is: the actor it is run by, what may come from outside, and what its effects may answer. */
import type { Envelope } from '../../contracts/envelope.ts';
import type { Outcome } from '../../contracts/effect.ts';
import type { Json } from '../../contracts/json.ts';
import type { Pending } from '../../journal/journal.ts';
import type { ActorType } from '../../system/actorType.ts';
import type { Problem } from './turn.ts';
import type { Actor, World } from './world.ts';
import type { Keep } from './abstraction.ts';

/** A message that a client may send at any time. */
export interface Outside {
  readonly type: string;
  readonly kind: 'ask' | 'tell' | 'signal';
  readonly body: Json;
  /** Its sender sees what came of it, and says it again when nothing did. */
  readonly watched?: true;
}

export interface Possible {
  readonly outcome: Outcome;
  /** What happened, for people. */
  readonly says: string;
  /** Nobody said what it answers. */
  readonly guessed?: true;
  /** To whom, when not to the actor whose effect it is. */
  readonly to?: string;
}

/** Everything that was met on the way. */
export interface Seen {
  readonly worlds: Iterable<World>;
  /** Ids of states. */
  readonly passed: ReadonlySet<string>;
}
export interface Missed {
  readonly about: string;
  readonly says: string;
}

export interface Stage {
  readonly name: string;
  readonly type: ActorType;
  /** What it may be started with. */
  readonly inputs: readonly Json[];
  readonly outside: readonly Outside[];
  /** Messages that steer: when nothing else is left, somebody has to interfere. */
  readonly steers: (type: string) => boolean;
  /** Timers that the runtime sets by itself, so late that nobody should have to wait for them. */
  readonly isNet: (actor: Actor, timer: Pending) => boolean;
  /** How an effect may end, when it is not asked itself. */
  outcomes(actor: Actor, effect: Pending): readonly Possible[];
  /** What a pure effect said, for people. */
  tell(actor: Actor, effect: Pending, outcome: Outcome): Omit<Possible, 'outcome'>;
  readonly keep: Keep;
  /** Names for people. */
  label(actor: Actor): string;
  /** Who performs an effect; the effect itself unless told otherwise. */
  performer?(actor: Actor): string;
  /** What a message between actors says, where it is known better than by its type. */
  read?(envelope: Envelope): string | undefined;
  /** A person made it stand still, and lets it go on. */
  isHeld?(world: World): boolean;
  /** What is wrong with how a run ended. */
  judge?(world: World): Problem | undefined;
  /** What should be reached, and was not; without it, that is not looked at. */
  missed?(seen: Seen): readonly Missed[];
}
