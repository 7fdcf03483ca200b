/** Assigns tasks to members in the order of submission, as far as there are places, room and steps. */
import type { Failure } from '../../src/values/failure.ts';
import { failure } from '../failure.ts';
import { nothingUsed } from '../agent/context.ts';
import { begin } from './attempt.ts';
import { isPipeline, type Job, type Queued } from './context.ts';
import { freePlace, idOf, profileOf, put, seatAt, selectorAt, type Desk } from './draft.ts';
import { incapable, refuse } from './finish.ts';
import { shareOf } from './leases.ts';
import type { Strategy } from './settings.ts';
import { spentBudget, supply, supplyOfChoice } from './stepBudget.ts';
import { choose, eligible, isIn } from './strategy.ts';

/** What became of a task: it has a place, it has a result, it waits for a member, or it waits for steps (`short`). */
type Became = 'placed' | 'answered' | 'waits' | 'short';

export function dispatch(draft: Desk): void {
  const { facts } = draft;
  facts.due = false;
  if (facts.halt) return;
  // Tasks that have a place come first: they have waited longest.
  for (const [place, job] of facts.jobs.entries()) {
    if (job?.stage !== 'waiting') continue;
    const became = consider(draft, job, place);
    if (became === 'answered') put(draft, place, null);
    // No other task may overtake: steps that become free are for the one that has waited longest.
    if (became === 'short') return;
  }
  const waiting: Queued[] = [];
  const queue = [...facts.queue];
  for (const entry of facts.queue) {
    if (!hasPlace(draft) || isBroken(draft)) break;
    const became = consider(draft, entry, undefined);
    if (became === 'short') break;
    queue.shift();
    if (became === 'waits') waiting.push(entry);
  }
  facts.queue = [...waiting, ...queue];
}

function hasPlace({ facts }: Desk): boolean {
  const taken = facts.jobs.reduce((sum, job) => sum + (job === null || job.part ? 0 : 1), facts.gatherings.length);
  return taken < Math.min(facts.places, facts.limits.maxConcurrentTasks ?? Infinity);
}

/** The stages after one that failed are not begun. */
const isBroken = ({ facts }: Desk): boolean => facts.broken && isPipeline(facts);

function consider(draft: Desk, entry: Queued | Job, place: number | undefined): Became {
  const { facts, settings, moment } = draft;
  const { members, strategy, rotation } = settings;
  const { task } = entry;
  const job = 'attempts' in entry ? entry : undefined;
  const fail = (reason: Failure): Became => (refuse(draft, entry, reason), 'answered');
  const noMember = (reason: string): Became => (incapable(draft, entry, reason), 'answered');

  if (entry.held) return 'waits';
  if (task.deadline !== undefined && task.deadline <= moment.at)
    return fail(failure('expired', `The deadline of the task "${idOf(entry)}" has passed.`));
  const spent = spentBudget(facts, job?.began === undefined);
  if (spent !== undefined) return fail(failure('budget', spent));
  const may = eligible(strategy, members, task);
  if ('none' in may) return noMember(may.none);
  const fixed = job?.fixed ? job.member : undefined;
  const among = fixed === undefined ? may.members : [fixed];
  const present = among.filter((index) => isIn(seatAt(draft, index)));
  if (present.length === 0)
    return rotation.rest === null ? noMember('All members that could have it have failed too often.') : 'waits';

  const next = jobOf(draft, entry, may.members.length);
  const isAsked = may.strategy.kind === 'selector' && fixed === undefined && among.length > 1;
  const chosen = isAsked
    ? []
    : choose(fixed === undefined ? may.strategy : one, among, { ...facts, members, now: moment.at }, task);
  if (!isAsked && chosen.length === 0) return 'waits';
  const toAll = may.strategy.kind === 'broadcast' && !job?.part;
  const mine = toAll ? { ...shareOf(next, chosen.length), part: true, fixed: true } : next;
  const steps = isAsked ? supplyOfChoice(draft) : supply(draft, mine, chosen);
  if (steps === 'short') return steps;
  if (steps === 'spent')
    return fail(failure('budget', `The step budget is exhausted: there is nothing left for "${idOf(entry)}".`));
  if (isAsked) return (ask(draft, next, place ?? freePlace(facts), present), 'placed');
  if (toAll) facts.gatherings = [...facts.gatherings, { seq: entry.seq, open: chosen.length, results: [] }];
  if (next.began === undefined && !next.part) facts.dispatched += 1;
  for (const [index, member] of chosen.entries())
    begin(draft, mine, { member, place: place ?? freePlace(facts), shares: chosen.length - index });
  return 'placed';
}

/** Once the member is decided, it remains only to wait until that member is free. */
const one: Strategy = { kind: 'firstAvailable' };

/** The retry policy is fixed when the task begins: until then a changed policy holds for it. */
const jobOf = ({ facts, settings }: Desk, entry: Queued | Job, candidates: number): Job =>
  'attempts' in entry
    ? { ...entry, candidates }
    : {
        ...entry,
        task: { ...entry.task, retry: entry.task.retry ?? facts.retry ?? settings.retry },
        stage: 'waiting',
        began: undefined,
        attempts: 0,
        used: nothingUsed,
        member: undefined,
        fixed: false,
        candidates,
        granted: 0,
        part: false,
      };

/** Asks the selector. Meanwhile the task has its place, and one answer of a model is reserved for the choice. */
function ask(draft: Desk, job: Job, place: number, among: readonly number[]): void {
  const { task } = job;
  const candidates = among.map((index) => {
    const { id, role } = profileOf(draft, index);
    return { id, ...(role === undefined ? {} : { role }) };
  });
  put(draft, place, { ...job, stage: 'choosing', granted: 1 });
  draft.deeds.spawn('select', selectorAt(place), { task, candidates });
}
