/** Assigns work to a member, and passes commands about it on: to a child of its own, to a supervisor, or through the guardrails in front of all members. */
import type { TreasuryAnswer } from '../../src/contracts/treasury.ts';
import type { Work } from '../../src/contracts/work.ts';
import { partsIn } from '../../src/contracts/parts.ts';
import { asZodJson } from '../json.ts';
import {
  memberInput,
  defaultMember,
  memberCommandEvent,
  type HandedMessage,
  type MemberCommand,
  type MemberKind,
} from '../member.ts';
import { serviceChildId } from '../run/services.ts';
import type { ActiveTaskJob } from './context.ts';
import {
  taskChildId,
  taskIdOf,
  memberProfileAt,
  updateRotationEntry,
  rotationEntryAt,
  workIdOf,
  type RouterDraft,
} from './draft.ts';

export const memberKindOf = ({ settings }: Pick<RouterDraft, 'settings'>, member: number): MemberKind =>
  settings.members[member]?.who ?? defaultMember;

/** Whether the attempt has a child of its own. */
const isChild = (draft: RouterDraft, { member }: ActiveTaskJob): boolean =>
  draft.settings.entry === 'direct' && memberKindOf(draft, member).kind !== 'standing';

/** The id of the child to which messages about the attempt go. */
function recipientOf(draft: RouterDraft, job: ActiveTaskJob, slotIndex: number): string {
  if (draft.settings.entry === 'guard') return 'guard';
  return isChild(draft, job) ? taskChildId(slotIndex) : serviceChildId(memberProfileAt(draft, job.member).id);
}

export function assignWork(draft: RouterDraft, job: ActiveTaskJob, slotIndex: number, handed: HandedMessage): void {
  const { settings, actions } = draft;
  const { entry } = settings;
  const { member } = job;
  const { id } = memberProfileAt(draft, member);
  if (isChild(draft, job))
    return actions.spawn(id, taskChildId(slotIndex), memberInput(memberKindOf(draft, member), handed));
  if (entry === 'direct' && !rotationEntryAt(draft, member).stands) {
    actions.spawn(id, serviceChildId(id), { standing: true });
    updateRotationEntry(draft, member, { stands: true });
  }
  actions.send(recipientOf(draft, job, slotIndex), workFor(draft, job, entry === 'guard' ? id : undefined, handed));
}

export function commandMember(
  draft: RouterDraft,
  job: ActiveTaskJob,
  slotIndex: number,
  command: MemberCommand,
  reason?: string,
): void {
  const who: MemberKind = isChild(draft, job) ? memberKindOf(draft, job.member) : { kind: 'standing' };
  draft.actions.send(recipientOf(draft, job, slotIndex), memberCommandEvent(who, command, workIdOf(job), reason));
}

export const sendLeaseAnswer = (
  draft: RouterDraft,
  job: ActiveTaskJob,
  slotIndex: number,
  answer: TreasuryAnswer,
): void => draft.actions.send(recipientOf(draft, job, slotIndex), answer);

/** Ends the child of one attempt; a supervisor stays. */
export function endChild(draft: RouterDraft, job: ActiveTaskJob, slotIndex: number): void {
  if (isChild(draft, job)) draft.actions.stop(taskChildId(slotIndex));
}

function workFor(
  draft: RouterDraft,
  job: ActiveTaskJob,
  to: string | undefined,
  { type, body, parts, left, ...more }: HandedMessage,
): Work {
  const { task, attempts, member } = job;
  const { timeout, deadline, metadata, budgetSteps, maxSteps } = task;
  // A guardrail judges what the attempt asks for: where the task does not say, that is what its member may take.
  const steps = budgetSteps ?? maxSteps ?? memberProfileAt(draft, member).maxSteps;
  return {
    type: 'work',
    id: workIdOf(job),
    ...(to === undefined ? {} : { to }),
    message: { type, body: asZodJson(body), ...partsIn(parts) },
    ...(Object.keys(left).length > 0 ? { allowance: left } : {}),
    attempt: attempts,
    facts: {
      task: taskIdOf(job),
      ...(steps === undefined ? {} : { steps }),
      ...(budgetSteps === undefined ? {} : { budget: { steps: budgetSteps } }),
      ...(timeout === undefined ? {} : { timeout }),
      ...(deadline === undefined ? {} : { deadline }),
      ...(metadata === undefined ? {} : { metadata }),
    },
    ...more,
  };
}
