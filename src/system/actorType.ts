/** A kind of actor: a machine that passed every check, with what the engine needs to know beside it. */
import type { AnyStateMachine } from 'xstate';
import type { ZodType } from 'zod';
import { slug } from '../contracts/ids.ts';
import type { Json } from '../contracts/json.ts';
import { chart, type Chart } from './chart.ts';
import { hashOf } from './compatibility.ts';
import { isMachine, refuse } from './refuse.ts';

export interface Supervision {
  /** Whom a failing child takes along: nobody, every sibling, or those spawned after it. */
  readonly strategy: 'one-for-one' | 'one-for-all' | 'rest-for-one';
  /** More restarts than this `within` so many milliseconds, and the failure goes up to the parent. */
  readonly maxRestarts: number;
  readonly within: number;
  /** `resume` goes on from the last commit without the message that broke it; `fresh` starts over with the same input. */
  readonly restart: 'resume' | 'fresh';
}

export interface MailboxPolicy {
  readonly limit: number;
  readonly whenFull: 'reject' | 'drop-oldest' | 'block';
}

export interface ActorTypeOptions {
  /** The first part of its actors' addresses; the machine's id unless told otherwise. */
  readonly name?: string;
  /** The messages it takes, each with the schema of its body. Others are refused at the door. */
  readonly handles?: Readonly<Record<string, ZodType>>;
  /** The bare events it takes from people and other actors (signals). Without it, any event its machine knows. */
  readonly signals?: ZodType;
  /** What its context must look like; checked when a stored actor meets a changed machine. */
  readonly context?: ZodType;
  /** How it looks after its children. */
  readonly supervise?: Partial<Supervision>;
  readonly mailbox?: Partial<MailboxPolicy>;
  /** Turns a snapshot that no longer fits into one that does. `from` is the hash of the machine that wrote it. */
  readonly migrate?: (snapshot: Json, from: string) => Json;
  /** The same for its child machines, by their name in setup({ actors }). */
  readonly children?: Readonly<Record<string, ActorTypeOptions>>;
}

export interface ActorType extends Omit<ActorTypeOptions, 'name' | 'supervise' | 'mailbox' | 'children'> {
  readonly name: string;
  readonly chart: Chart;
  readonly hash: string;
  readonly supervise: Supervision;
  readonly mailbox: MailboxPolicy;
  /** The type of a child machine; undefined when that name is an effect. */
  child(source: string): ActorType | undefined;
}

export const supervision: Supervision = { strategy: 'one-for-one', maxRestarts: 3, within: 60_000, restart: 'resume' };
export const mailbox: MailboxPolicy = { limit: 1_000, whenFull: 'reject' };

/** Checks a machine once, at definition time. Throws `definition` or `unsupported`. */
export function actorType(machine: AnyStateMachine, options: ActorTypeOptions = {}): ActorType {
  refuse(machine);
  const children = new Map<string, ActorType>();
  for (const [source, logic] of Object.entries(machine.implementations.actors)) {
    if (isMachine(logic)) children.set(source, actorType(logic, { name: source, ...options.children?.[source] }));
  }
  return {
    ...options,
    name: slug(options.name ?? machine.id),
    chart: chart(machine),
    hash: hashOf(machine),
    supervise: { ...supervision, ...options.supervise },
    mailbox: { ...mailbox, ...options.mailbox },
    child: (source) => children.get(source),
  };
}
