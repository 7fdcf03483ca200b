/** Who may be a member of a team: an agent, a team, or a supervisor that stands in front of others. */
import type { AnyStateMachine } from 'xstate';
import type { Membership } from '../machines/member.ts';
import type { Messages, Name, Protocol } from './contracts/protocol.ts';
import type { ActorTypeOptions } from './system/actorType.ts';

/** Takes one message and answers with one. */
export interface Member<M extends Messages = Messages, H extends Name<M> = Name<M>> {
  readonly kind: 'agent' | 'team' | 'guarded' | 'orchestrator';
  readonly name: string;
  readonly protocol: Protocol<M> | undefined;
  readonly handles: readonly H[];
  /** What it calls the message it is given, and what its answer is called in its team, where its own names are others. */
  readonly takes?: string;
  readonly gives?: string;
}

/** What a run must know of a member to speak to it. */
export const membershipOf = ({ kind, takes, gives, ...rest }: Member): Membership => {
  const { returns } = rest as { returns?: string };
  const called = kind === 'team' ? (gives ?? returns) : gives;
  return {
    kind: kind === 'agent' || kind === 'team' ? kind : 'standing',
    ...(takes === undefined ? {} : { takes }),
    ...(called === undefined ? {} : { gives: called }),
  };
};

/** What somebody comes to for the engine. */
export interface Part {
  readonly machine: AnyStateMachine;
  readonly options: ActorTypeOptions;
}

/** Lives as long as the run, takes `work` and answers with `work.done` (contracts/work.ts). It says itself what it is run by, and in front of whom. */
export interface Standing<M extends Messages = Messages, H extends Name<M> = Name<M>> extends Member<M, H> {
  readonly kind: 'guarded' | 'orchestrator';
  readonly members: Readonly<Record<string, Member>>;
  part(partOf: (member: Member) => Part): Part;
}
