/** Checks the signals that our own machines take before they are sent, because a machine ignores signals it does not know. */
import * as z from 'zod';
import { AgentSignal } from '../contracts/agent.ts';
import { describeMismatch } from '../values/explain.ts';
import { fromFailure, TroupeError } from '../values/failure.ts';
import { isJsonObject, type JsonObject } from '../values/json.ts';
import { FlowSignal } from '../contracts/flow/flow.ts';
import { GuardrailSignal } from '../contracts/guardrail.ts';
import { RunSignal } from '../contracts/run.ts';
import { RouterSignal } from '../contracts/orchestration.ts';
import { WaitSignal } from '../contracts/wait.ts';
import type { AgentContext } from '../../machines/agent/context.ts';
import { inputRefusal } from '../../machines/agent/inputs.ts';
import type { ActorRow } from '../journal/journal.ts';
import { requireInput } from '../values/plain.ts';

/** Schemas by machine; a user's own machine declares its signals itself. */
const known: Readonly<Record<string, z.ZodType>> = {
  agent: AgentSignal,
  run: RunSignal,
  router: RouterSignal,
  guardrail: GuardrailSignal,
  workflow: RunSignal,
  flow: FlowSignal,
  treasurer: z.custom(() => false, { error: 'only its run speaks to a treasurer; answer its tickets instead' }),
  wait: WaitSignal,
};

/** The signal as JSON. Throws `invalid` when the actor does not take it; for input, `conflict` when the agent takes none, or `mailbox_full` when too many inputs wait. */
export function signalFor(
  { actor, status, snapshot }: ActorRow,
  event: { readonly type: string } & JsonObject,
): JsonObject & { readonly type: string } {
  const given = requireInput(`A signal for ${actor}`, event);
  const signal = isJsonObject(given) ? given : {};
  const { type } = signal;
  if (typeof type !== 'string' || type === '')
    throw new TroupeError('invalid', `A signal for ${actor} needs a type: { "type": "…" }.`);
  const { machine, state } = snapshot as { machine: string; state?: { context?: JsonObject } };
  const schema = Object.hasOwn(known, machine) ? known[machine] : undefined;
  const parsed = schema?.safeParse(signal);
  if (parsed && !parsed.success)
    throw new TroupeError('invalid', `${actor} does not take this signal: ${describeMismatch(parsed.error, signal)}.`);
  // When the actor has ended, the host rejects the signal.
  if (status !== 'active' || machine !== 'agent' || type !== 'agent.input') return { ...signal, type };
  // The context of an agent's machine, unless a machine of the user has the same name: then both fields have defaults.
  const { onInput = 'merge', inbox = [] } = (state?.context ?? {}) as Partial<AgentContext>;
  const refusal = inputRefusal({ onInput, inbox });
  if (refusal) throw fromFailure(refusal);
  return { ...signal, type };
}
