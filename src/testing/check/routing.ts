/** Words for what a route decides and how a member ends, and the problem that the end of a run reveals about its team. */
import type { AgentOutput } from '../../contracts/agent.ts';
import type { Failure } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import { RunOutput } from '../../contracts/run.ts';
import type { RouteDecision } from '../../../machines/run/events.ts';
import type { StepProblem } from './worldStep.ts';
import type { ModelWorld } from './world.ts';

/** What a route decided, for people: the message types, and the recipient when there is only one. */
export function routeWords(output: Json): { says: string; to?: string } {
  // The output of a team's `route`, which the team checked.
  const routed = output as RouteDecision;
  if ('finish' in routed) return { says: 'finishes' };
  const sent = [routed.send, ...(routed.more ?? [])].flat();
  const [first, ...others] = sent;
  if (!first) return { says: 'sends nothing' };
  if (others.every(({ to }) => to === first.to)) return { says: sent.map(({ type }) => type).join(', '), to: first.to };
  return { says: sent.map(({ to, type }) => `${type} to ${to}`).join(', ') };
}

/** How an agent or team ended, for people, by the message that says so. */
export function endWords(body: Json): string {
  // The engine and the supervisors write these messages, with the output of the actor.
  const { output } = body as { readonly output: AgentOutput };
  if (output.status === 'completed') return output.answer.type;
  return output.status === 'failed' ? `fails: ${output.failure.kind}` : 'has stopped';
}

/** The problem that the end of a run reveals about its team; undefined for an end that reveals none. */
export function problemOfEnd({ ended }: ModelWorld): StepProblem | undefined {
  const output = ended && 'output' in ended ? RunOutput.safeParse(ended.output).data : undefined;
  if (output?.status !== 'failed' || output.member !== undefined) return undefined;
  return problemOf(output.failure);
}

function problemOf({ kind, message }: Failure): StepProblem | undefined {
  if (kind === 'unknown_message' || kind === 'unknown_recipient')
    return { kind: 'unhandled', about: message, says: message };
  if (kind === 'definition' && message.startsWith('The route sent nothing'))
    return {
      kind: 'deadlock',
      about: message,
      says: `${message} Let that entry of the route send or finish something.`,
    };
  if (kind === 'definition' || kind === 'invalid' || kind === 'internal')
    return { kind: 'broken', about: message, says: `The route breaks: ${message}` };
  return undefined;
}
