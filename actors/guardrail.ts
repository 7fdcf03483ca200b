/** The actors of guardrails: a chain of machines, the first in front, the last one with the supervised machines behind it. */
import type { AnyStateMachine } from 'xstate';
import { TroupeError } from '../src/values/failure.ts';
import type { GuardedWork } from '../src/contracts/guardrail.ts';
import type { JudgedNote } from '../src/contracts/heldNote.ts';
import type { Json } from '../src/values/json.ts';
import type { Work } from '../src/contracts/work.ts';
import type { CheckInput } from '../machines/guardrail/draft.ts';
import type { CheckResult } from '../machines/guardrail/events.ts';
import { guardrailWith } from '../machines/guardrail/guardrail.ts';
import { defaultGuardrailSettings, type CommandFamily } from '../machines/guardrail/settings.ts';
import { anew, effect } from './effect.ts';
import { withActors } from './withActors.ts';
import { checkResultOf } from './checkResult.ts';
import { withStreamGuards } from './guardStream.ts';
import type { Guardrail } from './guardrailDefinition.ts';

export interface GuardrailChain {
  /** In the order in which work meets them; at least one. */
  readonly guardrails: readonly Guardrail[];
  /** The supervised machines by name. Work names the one it is for, unless there is only one. */
  readonly supervised: Readonly<Record<string, AnyStateMachine>>;
  /** The result is the body of the answer alone; false by default. */
  readonly bare?: boolean;
}

/** The machine of the first guardrail; it has the next one as its child, and so on. Throws `definition` without guardrails. */
export function guardrailChain({ guardrails, supervised, bare = false }: GuardrailChain): AnyStateMachine {
  const inside = Object.fromEntries(
    Object.entries(supervised).map(([name, machine]) => [name, withStreamGuards(machine, guardrails)]),
  );
  const commandsByName = Object.fromEntries(
    Object.entries(supervised).map(([name, machine]) => [name, commandsOf(machine)]),
  );
  const linkTo = (below: Link | undefined, guardrail: Guardrail, index: number): Link => {
    const { id, name, rule, checks, limit, every, trip } = guardrail;
    const settings = {
      ...defaultGuardrailSettings,
      name,
      rule,
      asks: (['pre', 'mid', 'post'] as const).filter((stage) => checks[stage] !== undefined),
      every: checks.mid ? every : undefined,
      patience: limit,
      trip,
      below: below?.id,
      supervised: below ? {} : commandsByName,
      // A guardrail further in front waits longer, so that it still learns what was used.
      grace: defaultGuardrailSettings.grace * (guardrails.length - index),
      bare: bare && index === 0,
    };
    const behind = below ? { [below.id]: below.machine } : inside;
    return { id, machine: withActors(guardrailWith(settings), { ...behind, checkWork: anew(checkOf(guardrail)) }) };
  };
  const first = guardrails.reduceRight<Link | undefined>(linkTo, undefined);
  if (!first) throw new TroupeError('definition', 'A chain of guardrails needs at least one guardrail.');
  return first.machine;
}

interface Link {
  readonly id: string;
  readonly machine: AnyStateMachine;
}

const commandsByMachine: Readonly<Record<string, CommandFamily>> = { run: 'run', guardrail: 'work', router: 'work' };
/** Which commands a machine takes; those of an agent if it is none of ours. */
const commandsOf = ({ id }: AnyStateMachine): CommandFamily => commandsByMachine[id] ?? 'agent';

const checkOf = ({ checks }: Guardrail) =>
  effect<CheckResult, CheckInput>(async ({ stage, work, output }, { signal, progress }) => {
    const guardedWork = guardedWorkOf(work, signal);
    if (stage === 'pre' || stage === 'mid') return checkResultOf(await checks[stage]?.(guardedWork));
    if (stage !== 'post' || output?.status !== 'completed') return { ok: true };
    const { answer, usage } = output;
    const verdict = checkResultOf(await checks.post?.({ ...guardedWork, text: bodyText(answer.body), answer, usage }));
    // What was said during the work may be shown once this judgement is stored.
    if (!signal.aborted) progress({ type: 'troupe.judged', work: work.id, ok: verdict.ok } satisfies JudgedNote);
    return verdict;
  });

/** A body as a text: as it is if it is one, otherwise as JSON. */
export const bodyText = (body: Json): string => (typeof body === 'string' ? body : JSON.stringify(body));

const guardedWorkOf = (
  { message: { type, body, parts = [] }, to, attempt, facts }: Work,
  signal: AbortSignal,
): GuardedWork => ({
  type,
  body,
  text: bodyText(body),
  parts,
  to,
  attempt,
  facts,
  signal,
});
