/** What our own machines take from people, checked where it is sent: a signal that means nothing must not look as if it had been heard. */
import type { ZodType } from 'zod';
import { AgentSignal } from './contracts/agent.ts';
import { explain } from './contracts/explain.ts';
import { TroupeError } from './contracts/failure.ts';
import type { JsonObject } from './contracts/json.ts';
import { RunSignal } from './contracts/run.ts';
import { RouterSignal } from './contracts/task.ts';
import { WaitSignal } from './contracts/wait.ts';
import type { ActorRow } from './journal/journal.ts';
import { requireInput } from './contracts/plain.ts';

/** By machine; a user's own says itself what it takes. */
const known: Readonly<Record<string, ZodType>> = {
  agent: AgentSignal,
  run: RunSignal,
  wait: WaitSignal,
  router: RouterSignal,
};

/** Throws `invalid`. */
export function signalFor({ actor, snapshot }: ActorRow, event: { readonly type: string } & JsonObject): JsonObject {
  const signal = requireInput(`A signal for ${actor}`, event) as JsonObject;
  if (typeof signal['type'] !== 'string' || signal['type'] === '')
    throw new TroupeError('invalid', `A signal for ${actor} needs a type: { "type": "…" }.`);
  const { machine } = snapshot as { machine: string };
  const schema = Object.hasOwn(known, machine) ? known[machine] : undefined;
  const parsed = schema?.safeParse(signal);
  if (parsed && !parsed.success)
    throw new TroupeError('invalid', `${actor} does not take this signal: ${explain(parsed.error, signal)}.`);
  return signal;
}
