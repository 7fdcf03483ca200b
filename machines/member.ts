/** A member that works on a message: an agent or a nested team does one task and ends; a supervisor lives on and takes one after another. */
import type { AgentAnswer, AgentInput, AgentOutput, AgentUsage, Budget, Phase } from '../src/contracts/agent.ts';
import type { Failure } from '../src/values/failure.ts';
import type { MediaPart } from '../src/contracts/media.ts';
import { partsIn } from '../src/contracts/parts.ts';
import type { RunInput, RunOutput } from '../src/contracts/run.ts';
import type { FlowEnd } from '../src/contracts/flow/flow.ts';
import type { Json } from '../src/values/json.ts';
import type { TaskFacts, Work, WorkSignal } from '../src/contracts/work.ts';
import { zeroUsage } from './usage.ts';
import { childFailure, isChildError, childOutput, type ChildEndEvent } from './childEvents.ts';
import { makeFailure } from './failure.ts';
import { asZodJson } from './json.ts';

/** What a member is. */
export interface MemberKind {
  /** `standing`: a router or a guardrail, which takes `work` after `work`. `flow`: only as a tool of an agent. */
  readonly kind: 'agent' | 'team' | 'standing' | 'flow';
  /** The type of the message that it takes, if the sender uses another; the sender's by default. */
  readonly takes?: string;
  /** The type that its answer gets here; its own by default. */
  readonly gives?: string;
  /** What its definition says about its own work, for guardrails in front of it. */
  readonly facts?: TaskFacts;
}
export const defaultMember: MemberKind = { kind: 'agent' };

/** How many levels deep work may be handed on: from a team to a team within it, from an agent to one that it calls. */
export const maxNestingDepth = 8;

/** The failure of work that came through more than `maxDepth` levels. */
export const tooDeepFailure = (depth: number): Failure =>
  makeFailure(
    'denied',
    `Work was handed on ${depth} levels deep; ${maxNestingDepth} is the most. Let somebody further up do it, or take a level out.`,
    { refusedBy: 'depth', reason: 'too deep', depth },
  );

/** A message that is handed to a member. */
export interface HandedMessage {
  /** The name of the message in the sender's protocol. */
  readonly type: string;
  /** What the message says, in the shape that its type has in the sender's protocol. */
  readonly body: Json;
  /** Images, audio and files beside it; none by default. */
  readonly parts?: readonly MediaPart[];
  /** What may be used up for it; a kind that is not named is not limited. */
  readonly left: Budget;
  /** How many agents and teams have handed the work on, the sender included; more than 8 is refused. */
  readonly depth: number;
  /** The name under which the sender may be asked for more. */
  readonly lease?: string;
  /** Cheaper models go on when `left` runs short. */
  readonly degrade?: true;
}

/** The input of an agent or a nested team; or of a supervisor that is given this one piece of work, and ends with it. */
export function memberInput(
  { kind, takes, facts }: MemberKind,
  { type, body, parts, left, depth, lease, degrade }: HandedMessage,
): SingleWorkInput | RunInput {
  const message = {
    type: takes ?? type,
    body: asZodJson(body),
    ...partsIn(parts),
    depth,
    ...(lease === undefined ? {} : { lease }),
  };
  const isBounded = Object.keys(left).length > 0;
  if (kind === 'team') return isBounded ? { ...message, budget: left } : message;
  return {
    ...message,
    ...(isBounded ? { allowance: left } : {}),
    ...(degrade ? { degrade } : {}),
    ...(kind === 'standing' && facts ? { facts } : {}),
  };
}

/** What an agent is given; a supervisor that is given one piece of work also learns what is known of it. */
export type SingleWorkInput = AgentInput & { readonly facts?: TaskFacts };

/** The id of the only piece of work of a supervisor that ends with it. */
export const onlyWorkId = 'task';

/** The only piece of work of a supervisor, as the work that it is. */
export const onlyWork = ({
  type,
  body,
  parts,
  allowance,
  facts = {},
  depth,
  lease,
  degrade,
}: SingleWorkInput): Work => ({
  type: 'work',
  id: onlyWorkId,
  message: { type, body, ...partsIn(parts) },
  ...(allowance === undefined ? {} : { allowance }),
  attempt: 1,
  facts,
  ...(depth === undefined ? {} : { depth }),
  ...(lease === undefined ? {} : { lease }),
  ...(degrade === undefined ? {} : { degrade }),
});

/** What may be said to a member at work. */
export type MemberCommand = 'cancel' | 'pause' | 'resume';

/** A command as an event that a member of this kind takes. `id` names the work of a supervisor, or undefined for all of it; `reason` belongs to `cancel`. */
export function memberCommandEvent(
  { kind }: MemberKind,
  command: MemberCommand,
  id: string | undefined,
  reason = '',
): MemberCommandEvent {
  const why = command === 'cancel' ? { reason } : {};
  if (kind === 'standing') return { type: `work.${command}`, ...(id === undefined ? {} : { id }), ...why };
  return { type: `${kind === 'agent' ? 'agent' : 'run'}.${command}`, ...why };
}

/** The event of a command. */
export interface MemberCommandEvent {
  readonly type: `${'agent' | 'run'}.${MemberCommand}` | WorkSignal['type'];
  readonly id?: string;
  readonly reason?: string;
}

/** How a member ended. */
export interface MemberEnd {
  /** There is one when it completed. */
  readonly answer?: AgentAnswer;
  readonly failure?: Failure;
  /** The phase in which an agent failed. */
  readonly phase?: Phase;
  readonly usage: AgentUsage;
}

/** Reads the end of a member: its answer, or the failure that it could not recover from. */
export function memberEndOf(event: ChildEndEvent, { gives }: MemberKind = defaultMember): MemberEnd {
  if (isChildError(event)) return { failure: childFailure(event), usage: zeroUsage };
  const output = childOutput<AgentOutput | RunOutput | FlowEnd>(event);
  // What the agents inside of a flow use is charged to nobody else.
  const usage = 'usage' in output ? output.usage : zeroUsage;
  switch (output.status) {
    case 'completed': {
      if ('output' in output) return { answer: { type: gives ?? 'result', body: output.output }, usage };
      const { type, body, parts } =
        'answer' in output ? output.answer : { type: 'result', body: output.result, parts: output.parts };
      return { answer: { type: gives ?? type, body, ...partsIn(parts) }, usage };
    }
    case 'failed':
      return { failure: output.failure, usage, ...('phase' in output ? { phase: output.phase } : {}) };
    case 'cancelled':
      return { failure: makeFailure('cancelled', `A member was stopped: ${output.reason}`), usage };
  }
}

/** A call that an agent hands to another agent or a team: the agent sees a call, the other a message. */
export interface Delegation extends HandedMessage {
  /** Whether the work goes to an agent or to a team, and which message types that one uses. */
  readonly who: MemberKind;
}
/** The name under which the machine of a delegate is provided; `tool` is the name of the tool that the model calls. */
export const delegateActorName = (tool: string): string => `delegate.${tool}`;
