/** What our own machines take from people, checked where it is sent: a signal that means nothing must not look as if it had been heard. */
import * as z from 'zod';
import { AgentSignal } from './contracts/agent.ts';
import { explain } from './contracts/explain.ts';
import { fromFailure, TroupeError } from './contracts/failure.ts';
import type { JsonObject } from './contracts/json.ts';
import { GuardrailSignal } from './contracts/guardrail.ts';
import { RunSignal } from './contracts/run.ts';
import { RouterSignal } from './contracts/task.ts';
import { WaitSignal } from './contracts/wait.ts';
import type { AgentContext } from '../machines/agent/context.ts';
import { refusalOf } from '../machines/agent/inputs.ts';
import type { ActorRow } from './journal/journal.ts';
import { requireInput } from './contracts/plain.ts';

/** By machine; a user's own says itself what it takes. */
const known: Readonly<Record<string, z.ZodType>> = {
  agent: AgentSignal,
  run: RunSignal,
  router: RouterSignal,
  guardrail: GuardrailSignal,
  treasurer: z.custom(() => false, { error: 'only its run speaks to a treasurer; answer its tickets instead' }),
  wait: WaitSignal,
};

/** Throws `invalid`; and, for input, `conflict` when the agent takes none, or `mailbox_full` when too much of it waits to be read. */
export function signalFor(
  { actor, status, snapshot }: ActorRow,
  event: { readonly type: string } & JsonObject,
): JsonObject {
  const signal = requireInput(`A signal for ${actor}`, event) as JsonObject;
  if (typeof signal['type'] !== 'string' || signal['type'] === '')
    throw new TroupeError('invalid', `A signal for ${actor} needs a type: { "type": "…" }.`);
  const { machine, state } = snapshot as { machine: string; state?: { context?: JsonObject } };
  const schema = Object.hasOwn(known, machine) ? known[machine] : undefined;
  const parsed = schema?.safeParse(signal);
  if (parsed && !parsed.success)
    throw new TroupeError('invalid', `${actor} does not take this signal: ${explain(parsed.error, signal)}.`);
  // Of one that has ended, whoever takes the signal to it says so.
  if (status !== 'active' || machine !== 'agent' || signal['type'] !== 'agent.input') return signal;
  // What an agent's machine stored; a machine of a user's may bear the same name.
  const { onInput = 'merge', inbox = [] } = (state?.context ?? {}) as Partial<AgentContext>;
  const refusal = refusalOf({ onInput, inbox });
  if (refusal) throw fromFailure(refusal);
  return signal;
}
