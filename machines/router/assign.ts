/** Assigns work to a member, and passes commands about it on: to a child of its own, to a supervisor, or through the guardrails in front of all members. */
import type { TreasuryAnswer } from '../../src/contracts/treasury.ts';
import type { Work } from '../../src/contracts/work.ts';
import { asZodJson } from '../json.ts';
import { inputFor, plainMember, wordFor, type Handed, type MemberCommand, type Membership } from '../member.ts';
import { standingId } from '../run/services.ts';
import type { ActiveJob } from './context.ts';
import { childAt, idOf, profileOf, seat, seatAt, workOf, type Desk } from './draft.ts';

export const whoIs = ({ settings }: Pick<Desk, 'settings'>, member: number): Membership =>
  settings.members[member]?.who ?? plainMember;

/** Whether the attempt has a child of its own. */
const isChild = (draft: Desk, { member }: ActiveJob): boolean =>
  draft.settings.entry === 'direct' && whoIs(draft, member).kind !== 'standing';

/** The id of the child to which messages about the attempt go. */
function recipientOf(draft: Desk, job: ActiveJob, place: number): string {
  if (draft.settings.entry === 'guard') return 'guard';
  return isChild(draft, job) ? childAt(place) : standingId(profileOf(draft, job.member).id);
}

export function hand(draft: Desk, job: ActiveJob, place: number, handed: Handed): void {
  const { settings, deeds } = draft;
  const { entry } = settings;
  const { member } = job;
  const { id } = profileOf(draft, member);
  if (isChild(draft, job)) return deeds.spawn(id, childAt(place), inputFor(whoIs(draft, member), handed));
  if (entry === 'direct' && !seatAt(draft, member).stands) {
    deeds.spawn(id, standingId(id), { standing: true });
    seat(draft, member, { stands: true });
  }
  deeds.send(recipientOf(draft, job, place), workFor(job, entry === 'guard' ? id : undefined, handed));
}

export function tellMember(draft: Desk, job: ActiveJob, place: number, command: MemberCommand, reason?: string): void {
  const who: Membership = isChild(draft, job) ? whoIs(draft, job.member) : { kind: 'standing' };
  draft.deeds.send(recipientOf(draft, job, place), wordFor(who, command, workOf(job), reason));
}

export const tellOfMoney = (draft: Desk, job: ActiveJob, place: number, answer: TreasuryAnswer): void =>
  draft.deeds.send(recipientOf(draft, job, place), answer);

/** Ends the child of one attempt; a supervisor stays. */
export function letGo(draft: Desk, job: ActiveJob, place: number): void {
  if (isChild(draft, job)) draft.deeds.stop(childAt(place));
}

function workFor(job: ActiveJob, to: string | undefined, { type, body, left, ...more }: Handed): Work {
  const { task, attempts } = job;
  const { timeout, deadline, metadata, budgetSteps, maxSteps } = task;
  const steps = budgetSteps ?? maxSteps;
  return {
    type: 'work',
    id: workOf(job),
    ...(to === undefined ? {} : { to }),
    message: { type, body: asZodJson(body) },
    ...(Object.keys(left).length > 0 ? { allowance: left } : {}),
    attempt: attempts,
    facts: {
      task: idOf(job),
      ...(steps === undefined ? {} : { steps }),
      ...(budgetSteps === undefined ? {} : { budget: { steps: budgetSteps } }),
      ...(timeout === undefined ? {} : { timeout }),
      ...(deadline === undefined ? {} : { deadline }),
      ...(metadata === undefined ? {} : { metadata }),
    },
    ...more,
  };
}
