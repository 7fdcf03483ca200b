/** What a route said, how a member ended, and what the end of a run says about its team. */
import type { AgentOutput } from '../../contracts/agent.ts';
import type { Failure } from '../../contracts/failure.ts';
import { RunOutput } from '../../contracts/run.ts';
import type { Routed } from '../../../machines/run/events.ts';
import type { Problem } from './turn.ts';
import type { World } from './world.ts';

export function routeWords(routed: Routed): { says: string; to?: string } {
  if ('finish' in routed) return { says: 'finishes' };
  const [first, ...others] = routed.send;
  if (!first) return { says: 'sends nothing' };
  if (others.every(({ to }) => to === first.to))
    return { says: routed.send.map(({ type }) => type).join(', '), to: first.to };
  return { says: routed.send.map(({ to, type }) => `${type} to ${to}`).join(', ') };
}

export function endWords({ output }: { readonly output: AgentOutput }): string {
  if (output.status === 'completed') return output.answer.type;
  return output.status === 'failed' ? `fails: ${output.failure.kind}` : 'has stopped';
}

/** How a run can end that says something about its team. */
export function judge({ ended }: World): Problem | undefined {
  const output = ended && 'output' in ended ? RunOutput.safeParse(ended.output).data : undefined;
  if (output?.status !== 'failed' || output.member !== undefined) return undefined;
  return problemOf(output.failure);
}

function problemOf({ kind, message }: Failure): Problem | undefined {
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
