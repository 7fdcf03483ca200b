/** Who works on a message: an agent or a nested team, which takes one and ends, or a supervisor that stands. What each is given, told, and how it ended. */
import type { AgentAnswer, AgentInput, AgentOutput, AgentUsage, Budget, Phase } from '../src/contracts/agent.ts';
import type { Failure } from '../src/contracts/failure.ts';
import type { RunInput, RunOutput } from '../src/contracts/run.ts';
import type { Json } from '../src/contracts/json.ts';
import { failure, failureOf } from './failure.ts';
import { nothingUsed } from './agent/context.ts';

export interface Membership {
  readonly kind: 'agent' | 'team' | 'standing';
  /** The type of the message that it knows, where whoever hands it on calls it otherwise. */
  readonly takes?: string;
  /** What its answer is called here. */
  readonly gives?: string;
}
export const plainMember: Membership = { kind: 'agent' };

/** How deep work may be handed on: from a team to a team within it, from an agent to one that it calls. */
export const maxDepth = 8;

export const tooDeep = (depth: number): Failure =>
  failure(
    'denied',
    `Work was handed on ${depth} levels deep; ${maxDepth} is the most. Let somebody further up do it, or take a level out.`,
    { refusedBy: 'depth', reason: 'too deep', depth },
  );

export interface Handed {
  readonly type: string;
  readonly body: Json;
  readonly left: Budget;
  readonly depth: number;
  /** The name under which more may be asked for; and that cheaper models are to go on when it runs short. */
  readonly lease?: string;
  readonly degrade?: true;
}

/** What an agent or a nested team begins with. */
export function inputFor(
  { kind, takes }: Membership,
  { type, body, left, depth, ...money }: Handed,
): AgentInput | RunInput {
  const { lease, degrade } = money;
  // Bodies are JSON; zod's own type for it can be written to.
  const message = {
    type: takes ?? type,
    body: body as AgentInput['body'],
    depth,
    ...(lease === undefined ? {} : { lease }),
  };
  const isBounded = Object.keys(left).length > 0;
  if (kind === 'team') return isBounded ? { ...message, budget: left } : message;
  return { ...message, ...(isBounded ? { allowance: left } : {}), ...(degrade ? { degrade } : {}) };
}

/** The same word in the language of whoever hears it. */
export function wordFor({ kind }: Membership, what: 'cancel' | 'pause' | 'resume', id: string, reason = '') {
  const why = what === 'cancel' ? { reason } : {};
  if (kind === 'standing') return { type: `work.${what}`, id, ...why };
  return { type: `${kind === 'team' ? 'run' : 'agent'}.${what}`, ...why };
}

export interface MemberEnd {
  readonly answer?: AgentAnswer;
  readonly failure?: Failure;
  /** Of an agent that failed: where. */
  readonly phase?: Phase;
  readonly usage: AgentUsage;
}

/** How somebody ended: with an answer, or with the failure it could not get over. */
export function endOf(
  event: { readonly type: string; readonly output?: unknown; readonly error?: unknown },
  { gives }: Membership = plainMember,
): MemberEnd {
  if (event.type.startsWith('xstate.error.')) return { failure: failureOf(event.error), usage: nothingUsed };
  const output = event.output as AgentOutput | RunOutput;
  const { usage } = output;
  switch (output.status) {
    case 'completed': {
      const { type, body } = 'answer' in output ? output.answer : { type: 'result', body: output.result };
      return { answer: { type: gives ?? type, body }, usage };
    }
    case 'failed':
      return { failure: output.failure, usage, ...('phase' in output ? { phase: output.phase } : {}) };
    case 'cancelled':
      return { failure: failure('cancelled', `A member was stopped: ${output.reason}`), usage };
  }
}

/** Work that an agent hands to somebody of its own: to whom it is a message, to the agent a call. */
export interface Delegation extends Handed {
  readonly who: Membership;
}
/** The machine of a call that is somebody else's work, by the name of the tool. */
export const delegateSource = (tool: string): string => `delegate.${tool}`;

/** The sum of what two used. */
export const together = (a: AgentUsage, b: AgentUsage): AgentUsage => ({
  steps: a.steps + b.steps,
  inputTokens: a.inputTokens + b.inputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  cachedTokens: a.cachedTokens + b.cachedTokens,
  toolCalls: a.toolCalls + b.toolCalls,
  usd: a.usd === null || b.usd === null ? null : a.usd + b.usd,
});
