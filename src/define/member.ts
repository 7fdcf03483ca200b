/** What may be a member of a team, and what the engine is given for one. */
import type { StateMachine } from '../core/chart.ts';
import type { MemberKind } from '../../machines/member.ts';
import type { Messages, MessageName, Protocol } from '../contracts/protocol.ts';
import type { ActorTypeOptions } from '../core/actorType.ts';

/** Takes one message and answers with one. */
export interface Member<M extends Messages = Messages, H extends MessageName<M> = MessageName<M>> {
  /** What defined it: `agent()`, `team()`, `guarded()` or `orchestrator()`; a `pool` is the plain function that a preset was given. */
  readonly kind: 'agent' | 'team' | 'guarded' | 'orchestrator' | 'pool';
  /** Its id: a-z, 0-9 and ". _ -". */
  readonly name: string;
  /** The messages that it speaks; undefined when it takes a text and answers with one. */
  readonly protocol: Protocol<M> | undefined;
  /** The messages that it takes; empty when it takes a text. */
  readonly handles: readonly H[];
  /** The name under which it knows the message it is given, when the team calls that message something else. */
  readonly takes?: string;
  /** The name that its answer has in the team, when it calls the answer something else. */
  readonly gives?: string;
}

/** What a run must know about a member to send it messages and to read its answers. */
export const membershipOf = (member: Member): MemberKind => {
  const { kind, takes, gives } = member;
  const returns =
    kind === 'team' && 'returns' in member && typeof member.returns === 'string' ? member.returns : undefined;
  const answerName = gives ?? returns;
  return {
    // A pool takes a message and ends with its answer, as an agent does.
    kind: kind === 'pool' ? 'agent' : kind === 'agent' || kind === 'team' ? kind : 'standing',
    ...(takes === undefined ? {} : { takes }),
    ...(answerName === undefined ? {} : { gives: answerName }),
  };
};

/** What a definition is compiled to for the engine. */
export interface Compiled {
  /** The machine, with every slot filled. */
  readonly machine: StateMachine;
  /** How its actor is run: signals, children, supervision, deadline in milliseconds. */
  readonly options: ActorTypeOptions;
}

/** A member that lives as long as the run. It takes `work` and answers with `work.done` (contracts/work.ts). It compiles itself, and the members it supervises. */
export interface LongLived<M extends Messages = Messages, H extends MessageName<M> = MessageName<M>> extends Member<
  M,
  H
> {
  readonly kind: 'guarded' | 'orchestrator';
  /** The members that it supervises, by name. */
  readonly members: Readonly<Record<string, Member>>;
  /** Compiles it; `partOf` compiles one of its members. */
  compile(compileMember: (member: Member) => Compiled): Compiled;
}

/** Does it compile itself? */
export const compilesItself = (member: Member): member is Member & Pick<LongLived, 'compile'> =>
  'compile' in member && typeof member.compile === 'function';
