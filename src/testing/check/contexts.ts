/** The contexts of our own machines, by the id of the machine. */
import type { AgentContext } from '../../../machines/agent/context.ts';
import type { GuardrailContext } from '../../../machines/guardrail/context.ts';
import type { RouterContext } from '../../../machines/router/context.ts';
import type { RunContext } from '../../../machines/run/context.ts';
import type { ToolCallContext } from '../../../machines/toolCall/context.ts';
import type { MemberWork } from './member.ts';
import type { ModelActor } from './world.ts';

interface Contexts {
  readonly agent: AgentContext;
  readonly guardrail: GuardrailContext;
  readonly member: MemberWork;
  readonly router: RouterContext;
  readonly run: RunContext;
  readonly toolCall: ToolCallContext;
}

/** The context of an actor when it runs our machine of this id; undefined otherwise. XState types the context of an unknown machine as any value. */
export const contextOf = <Id extends keyof Contexts>(
  { type: { chart }, snapshot }: ModelActor,
  id: Id,
): Contexts[Id] | undefined => (chart.machine.id === id ? snapshot.context : undefined);
