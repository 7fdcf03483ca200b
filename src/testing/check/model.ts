/** What a check explores: the actor, what may come from outside, and the outcomes of its effects. */
import type { Envelope } from '../../contracts/envelope.ts';
import type { Outcome } from '../../contracts/effect.ts';
import type { Json } from '../../values/json.ts';
import type { Pending } from '../../journal/journal.ts';
import type { ActorType } from '../../core/actorType.ts';
import type { Problem } from './worldStep.ts';
import type { Actor, World } from './world.ts';
import type { Keep } from './abstraction.ts';

/** A message that a client may send at any time. */
export interface Outside {
  /** Type of the message. */
  readonly type: string;
  /** How it is sent: with an answer expected, without one, or as a bare event. */
  readonly kind: 'ask' | 'tell' | 'signal';
  /** Body of the message. */
  readonly body: Json;
  /** The sender sees the effect of it, and sends it again when there was none. */
  readonly watched?: true;
}

/** One possible outcome of an effect. */
export interface Possible {
  /** The output or the failure. */
  readonly outcome: Outcome;
  /** What happened, for people. */
  readonly says: string;
  /** Made up, because no samples were given. */
  readonly guessed?: true;
  /** The name of the receiver when it is not the actor that asked for the effect. */
  readonly to?: string;
}

/** Everything that an exploration reached. */
export interface Seen {
  /** The worlds. */
  readonly worlds: Iterable<World>;
  /** Ids of the states that were visited. */
  readonly passed: ReadonlySet<string>;
}
/** Something that should be reached and was not. */
export interface Missed {
  /** Names it, so that it is reported once. */
  readonly about: string;
  /** What is wrong, and what would mend it. */
  readonly says: string;
}

/** The model that is explored. */
export interface Stage {
  /** Its name, for people. */
  readonly name: string;
  /** The type of the root actor. */
  readonly type: ActorType;
  /** The inputs that a run may start with. */
  readonly inputs: readonly Json[];
  /** The messages that clients may send. */
  readonly outside: readonly Outside[];
  /** Is this a message that only interferes? A run that goes on only when somebody sends one is stuck. */
  readonly steers: (type: string) => boolean;
  /** Is this a timer that the runtime sets by default, so late that nobody should have to wait for it? */
  readonly isNet: (actor: Actor, timer: Pending) => boolean;
  /** The possible outcomes of an effect that is not performed. */
  outcomes(actor: Actor, effect: Pending): readonly Possible[];
  /** What the outcome of a pure effect says, for people. */
  tell(actor: Actor, effect: Pending, outcome: Outcome): Omit<Possible, 'outcome'>;
  /** What of an actor decides what happens next. */
  readonly keep: Keep;
  /** The name of an actor, for people. */
  label(actor: Actor): string;
  /** Who performs an effect, for people; the effect itself by default. */
  performer?(actor: Actor): string;
  /** What a message between actors says, for people, where the type of the message says too little. */
  read?(envelope: Envelope): string | undefined;
  /** Is the run paused? Then it stands still until a person resumes it. */
  isHeld?(world: World): boolean;
  /** What is wrong with how a run ended. */
  judge?(world: World): Problem | undefined;
  /** What should have been reached and was not. Without this method that is not looked at. */
  missed?(seen: Seen): readonly Missed[];
}
