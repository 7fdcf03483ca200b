/** Assigns tasks to members in the order of submission, as far as there are slots, room and steps. */
import type { Failure } from '../../src/values/failure.ts';
import { makeFailure } from '../failure.ts';
import { zeroUsage } from '../usage.ts';
import { beginAttempt } from './attempt.ts';
import { isPipeline, type TaskJob, type QueuedTask } from './context.ts';
import {
  freeJobSlot,
  taskIdOf,
  memberProfileAt,
  putJob,
  rotationEntryAt,
  selectorChildId,
  type RouterDraft,
} from './draft.ts';
import { noCapableMember, refuseTask } from './finish.ts';
import { overdueFailure, whyAllAreOut } from './rotation.ts';
import { shareOfJob } from './leases.ts';
import type { RoutingStrategy } from './settings.ts';
import { spentBudget, stepSupply, stepSupplyOfChoice } from './stepBudget.ts';
import { chooseMembers, eligibleMembers, isInRotation } from './strategy.ts';

/** What became of a task: it has a slot, it has a result, it waits for a member, or it waits for steps (`short`). */
type DispatchResult = 'placed' | 'answered' | 'waits' | 'short';

export function dispatchTasks(draft: RouterDraft): void {
  const { context } = draft;
  context.due = false;
  if (context.halt) return;
  // Tasks that have a slot come first: they have waited longest.
  for (const [slotIndex, job] of context.jobs.entries()) {
    if (job?.stage !== 'waiting') continue;
    const result = consider(draft, job, slotIndex);
    if (result === 'answered') putJob(draft, slotIndex, null);
    // No other task may overtake: steps that become free are for the one that has waited longest.
    if (result === 'short') return;
  }
  const waiting: QueuedTask[] = [];
  const queue = [...context.queue];
  for (const entry of context.queue) {
    if (!hasPlace(draft) || isBroken(draft)) break;
    const result = consider(draft, entry, undefined);
    if (result === 'short') break;
    queue.shift();
    if (result === 'waits') waiting.push(entry);
  }
  context.queue = [...waiting, ...queue];
}

function hasPlace({ context }: RouterDraft): boolean {
  const taken = context.jobs.reduce((sum, job) => sum + (job === null || job.part ? 0 : 1), context.gatherings.length);
  return taken < Math.min(context.places, context.limits.maxConcurrentTasks ?? Infinity);
}

/** The stages after one that failed are not begun. */
const isBroken = ({ context }: RouterDraft): boolean => context.broken && isPipeline(context);

function consider(draft: RouterDraft, entry: QueuedTask | TaskJob, slotIndex: number | undefined): DispatchResult {
  const { context, settings, eventContext } = draft;
  const { members, strategy, rotation } = settings;
  const { task } = entry;
  const job = 'attempts' in entry ? entry : undefined;
  const fail = (reason: Failure): DispatchResult => (refuseTask(draft, entry, reason), 'answered');
  const noMember = (reason: string): DispatchResult => (noCapableMember(draft, entry, reason), 'answered');

  if (entry.held) return 'waits';
  if (task.deadline !== undefined && task.deadline <= eventContext.at) return fail(overdueFailure(draft, entry));
  const spent = spentBudget(context, job?.began === undefined);
  if (spent !== undefined) return fail(makeFailure('budget', spent));
  const may = eligibleMembers(strategy, members, task);
  if ('none' in may) return noMember(may.none);
  const fixed = job?.fixed ? job.member : undefined;
  const among = fixed === undefined ? may.members : [fixed];
  const present = among.filter((index) => isInRotation(rotationEntryAt(draft, index)));
  if (present.length === 0) return rotation.rest === null ? noMember(whyAllAreOut(draft, among) ?? '') : 'waits';

  const next = jobOf(draft, entry, may.members.length);
  const isAsked = may.strategy.kind === 'selector' && fixed === undefined && among.length > 1;
  const chosen = isAsked
    ? []
    : chooseMembers(
        fixed === undefined ? may.strategy : firstAvailable,
        among,
        { ...context, members, now: eventContext.at },
        task,
      );
  if (!isAsked && chosen.length === 0) return 'waits';
  const toAll = may.strategy.kind === 'broadcast' && !job?.part;
  const mine = toAll ? { ...shareOfJob(next, chosen.length), part: true, fixed: true } : next;
  const steps = isAsked ? stepSupplyOfChoice(draft) : stepSupply(draft, mine, chosen);
  if (steps === 'short') return steps;
  if (steps === 'spent')
    return fail(makeFailure('budget', `The step budget is exhausted: there is nothing left for "${taskIdOf(entry)}".`));
  if (isAsked) return (askSelector(draft, next, slotIndex ?? freeJobSlot(context), present), 'placed');
  if (toAll) context.gatherings = [...context.gatherings, { seq: entry.seq, open: chosen.length, results: [] }];
  if (next.began === undefined && !next.part) context.dispatched += 1;
  for (const [index, member] of chosen.entries())
    beginAttempt(draft, mine, { member, slotIndex: slotIndex ?? freeJobSlot(context), shares: chosen.length - index });
  return 'placed';
}

/** Once the member is decided, it remains only to wait until that member is free. */
const firstAvailable: RoutingStrategy = { kind: 'firstAvailable' };

/** The retry policy is fixed when the task begins: until then a changed policy holds for it. */
const jobOf = ({ context, settings }: RouterDraft, entry: QueuedTask | TaskJob, candidates: number): TaskJob =>
  'attempts' in entry
    ? { ...entry, candidates }
    : {
        ...entry,
        task: { ...entry.task, retry: entry.task.retry ?? context.retry ?? settings.retry },
        stage: 'waiting',
        began: undefined,
        attempts: 0,
        used: zeroUsage,
        member: undefined,
        fixed: false,
        candidates,
        granted: 0,
        part: false,
      };

/** Asks the selector. Meanwhile the task has its slot, and one answer of a model is reserved for the choice. */
function askSelector(draft: RouterDraft, job: TaskJob, slotIndex: number, among: readonly number[]): void {
  const { task } = job;
  const candidates = among.map((index) => {
    const { id, role } = memberProfileAt(draft, index);
    return { id, ...(role === undefined ? {} : { role }) };
  });
  putJob(draft, slotIndex, { ...job, stage: 'choosing', granted: 1 });
  draft.actions.spawn('select', selectorChildId(slotIndex), { task, candidates });
}
