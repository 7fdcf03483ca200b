/** Forwards work, and commands about it, to what is behind a guardrail: a child for each piece of work, a supervisor, or the guardrail below. */
import type { Budget } from '../../src/contracts/agent.ts';
import type { TreasuryAnswer, TreasuryLease } from '../../src/contracts/treasury.ts';
import type { Work } from '../../src/contracts/work.ts';
import { makeFailure } from '../failure.ts';
import { memberInput, memberCommandEvent, type MemberCommand, type MemberKind } from '../member.ts';
import { serviceChildId } from '../run/services.ts';
import { budgetKinds } from '../treasury/ledger.ts';
import { nextGuardrailId, workChildId } from './context.ts';
import { updateContext, workAt, type GuardrailDraft } from './draft.ts';
import { allowanceFor, limitedBudget } from './rules.ts';
import type { CommandFamily } from './settings.ts';

/** The name of the supervised machine that the work is for; undefined when there is none of that name. */
export function supervisedFor(
  { settings: { supervised } }: Pick<GuardrailDraft, 'settings'>,
  { to }: Work,
): string | undefined {
  const names = Object.keys(supervised);
  if (to === undefined) return names.length === 1 ? names[0] : undefined;
  return Object.hasOwn(supervised, to) ? to : undefined;
}

interface Recipient {
  /** The id of the child. */
  readonly id: string;
  readonly who: MemberKind;
  /** The name under which its machine is provided. */
  readonly name: string;
}

function recipientOf(draft: GuardrailDraft, slotIndex: number): Recipient {
  const { settings } = draft;
  if (settings.below !== undefined) return { id: nextGuardrailId, who: { kind: 'standing' }, name: settings.below };
  // The guard `isUnknown` has rejected work for anything that is not supervised.
  const name = supervisedFor(draft, workAt(draft, slotIndex).work) ?? '';
  const who: MemberKind = { kind: kindOf[settings.supervised[name] ?? 'agent'] };
  return { id: who.kind === 'standing' ? serviceChildId(name) : workChildId(slotIndex), who, name };
}
const kindOf = { agent: 'agent', run: 'team', work: 'standing' } as const satisfies Record<
  CommandFamily,
  MemberKind['kind']
>;

export function forwardWork(draft: GuardrailDraft, slotIndex: number): void {
  const { settings, context, actions } = draft;
  const { work } = workAt(draft, slotIndex);
  const { id, who, name } = recipientOf(draft, slotIndex);
  const allowance = allowanceFor(settings, work);
  const grant = allowance === undefined ? {} : { allowance };
  if (settings.below !== undefined) return void actions.push({ do: 'tell', id, event: { ...work, ...grant } });
  const { message, depth = 0, lease, degrade } = work;
  if (who.kind !== 'standing') {
    const more = { ...(lease === undefined ? {} : { lease }), ...(degrade ? { degrade } : {}) };
    return void actions.push({
      do: 'start',
      who: name,
      id,
      input: memberInput(who, { ...message, left: allowance ?? {}, depth, ...more }),
    });
  }
  if (!context.standing.includes(name)) {
    actions.push({ do: 'start', who: name, id, input: { standing: true } });
    updateContext(draft, { standing: [...context.standing, name] });
  }
  // `to` chose among the machines supervised here; the supervisor has members of its own.
  const { to: _, ...rest } = work;
  actions.push({ do: 'tell', id, event: { ...rest, ...grant } });
}

/** Tells the machine that does the work, with an event that it takes. */
export function forwardCommand(draft: GuardrailDraft, slotIndex: number, command: MemberCommand, reason = ''): void {
  const { id, who } = recipientOf(draft, slotIndex);
  const event = memberCommandEvent(who, command, workAt(draft, slotIndex).work.id, reason);
  draft.actions.push({ do: 'tell', id, event });
}

/** Ends the child of this work; a supervisor stays. */
export function endWorkChild(draft: GuardrailDraft, slotIndex: number): void {
  const { id, who } = recipientOf(draft, slotIndex);
  if (who.kind !== 'standing') draft.actions.push({ do: 'stop', id });
}

const placeOfLease = (draft: GuardrailDraft, lease: string): number =>
  draft.context.passages.findIndex((inProgress) => inProgress?.work.lease === lease);

/** Forwards a request for a larger lease to the parent, unless this guardrail's own limit rules it out. */
export function forwardLeaseRequest(draft: GuardrailDraft, request: TreasuryLease): void {
  const { settings, context, actions } = draft;
  const { rule, name } = settings;
  const slotIndex = placeOfLease(draft, request.id);
  if (!context.passages[slotIndex]) return;
  const limits: Budget = rule.kind === 'budget' ? rule.limits : {};
  const what = budgetKinds.find((kind) => (request.wants[kind] ?? 0) > (limits[kind] ?? Infinity));
  const limit = what && limits[what];
  if (what === undefined || limit === undefined) return void actions.push({ do: 'answer', event: request });
  const used = request.used?.[what] ?? 0;
  const reason = makeFailure('budget', `The guardrail "${name}" allows ${limit} ${what}, and that is used up.`, {
    what,
    used,
    limit,
  });
  actions.push({
    do: 'tell',
    id: recipientOf(draft, slotIndex).id,
    event: { type: 'treasury.refused', id: request.id, failure: reason },
  });
}

/** Forwards the answer to a request; a grant is limited to what this guardrail allows. */
export function forwardLeaseAnswer(draft: GuardrailDraft, answer: TreasuryAnswer): void {
  const slotIndex = placeOfLease(draft, answer.id);
  if (draft.context.passages[slotIndex]?.stage !== 'task') return;
  const event =
    answer.type === 'treasury.granted' ? { ...answer, budget: limitedBudget(draft.settings, answer.budget) } : answer;
  draft.actions.push({ do: 'tell', id: recipientOf(draft, slotIndex).id, event });
}
