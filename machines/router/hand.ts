/** How work reaches a member, and what is said about it: a child of its own, one that stands, or by way of the guardrails in front of all. */
import type { Json } from '../../src/contracts/json.ts';
import type { TreasuryAnswer } from '../../src/contracts/treasury.ts';
import type { Work } from '../../src/contracts/work.ts';
import { inputFor, plainMember, wordFor, type Handed, type Membership } from '../member.ts';
import { standingId } from '../run/standing.ts';
import type { Job } from './context.ts';
import { childAt, idOf, seat, workOf, type Desk } from './desk.ts';

export const whoIs = ({ settings }: Pick<Desk, 'settings'>, member: number): Membership =>
  settings.members[member]?.who ?? plainMember;

const isChild = (desk: Desk, { member }: Job): boolean =>
  desk.settings.entry === 'direct' && whoIs(desk, member!).kind !== 'standing';

function addressee(desk: Desk, job: Job, place: number): string {
  if (desk.settings.entry === 'guard') return 'guard';
  return isChild(desk, job) ? childAt(place) : standingId(desk.settings.members[job.member!]!.id);
}

export function hand(desk: Desk, job: Job, place: number, handed: Handed): void {
  const { settings, facts, deeds } = desk;
  const { entry } = settings;
  const { id } = settings.members[job.member!]!;
  // Both are JSON, though the types of their parts do not say so.
  if (isChild(desk, job))
    return deeds.spawn(id, childAt(place), inputFor(whoIs(desk, job.member!), handed) as unknown as Json);
  if (entry === 'direct' && !facts.seats[job.member!]!.stands) {
    deeds.spawn(id, standingId(id), { standing: true });
    seat(desk, job.member!, { stands: true });
  }
  deeds.send(addressee(desk, job, place), workFor(job, entry === 'guard' ? id : undefined, handed) as never);
}

export function tellMember(
  desk: Desk,
  job: Job,
  place: number,
  what: 'cancel' | 'pause' | 'resume',
  reason?: string,
): void {
  const who: Membership = isChild(desk, job) ? whoIs(desk, job.member!) : { kind: 'standing' };
  desk.deeds.send(addressee(desk, job, place), wordFor(who, what, workOf(job), reason) as never);
}

export const tellOfMoney = (desk: Desk, job: Job, place: number, word: TreasuryAnswer): void =>
  desk.deeds.send(addressee(desk, job, place), word as never);

/** Who is there for one attempt only is let go. */
export function letGo(desk: Desk, job: Job, place: number): void {
  if (isChild(desk, job)) desk.deeds.stop(childAt(place));
}

function workFor(job: Job, to: string | undefined, { type, body, left, ...more }: Handed): Work {
  const { task, attempts } = job;
  const { timeout, deadline, metadata, budgetSteps, maxSteps } = task;
  const steps = budgetSteps ?? maxSteps;
  return {
    type: 'work',
    id: workOf(job),
    ...(to === undefined ? {} : { to }),
    message: { type, body: body as Work['message']['body'] },
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
