/** Gives tasks to members: as many as there are places, room and steps for, in the order they were submitted. */
import type { Failure } from '../../src/contracts/failure.ts';
import type { Json } from '../../src/contracts/json.ts';
import { failure } from '../failure.ts';
import { nothingUsed } from '../agent/context.ts';
import { begin } from './attempt.ts';
import { isPipeline, type Job, type Queued } from './context.ts';
import { freePlace, idOf, put, selectorAt, type Desk } from './desk.ts';
import { incapable, refuse } from './finish.ts';
import { shareOf } from './money.ts';
import type { Strategy } from './settings.ts';
import { spentBudget, supply, supplyOfChoice } from './steps.ts';
import { choose, eligible, isIn } from './strategy.ts';

/** What became of a task: it has a place, it is answered, or it waits for a member or for steps. */
type Became = 'placed' | 'answered' | 'waits' | 'short';

export function dispatch(desk: Desk): void {
  const { facts } = desk;
  facts.due = false;
  if (facts.halt) return;
  // Who has a place comes first: it has waited longest.
  for (const [place, job] of facts.jobs.entries()) {
    if (job?.stage !== 'waiting') continue;
    const became = consider(desk, job, place);
    if (became === 'answered') put(desk, place, null);
    // Nobody overtakes: what comes back is for who has waited longest.
    if (became === 'short') return;
  }
  const waiting: Queued[] = [];
  const queue = [...facts.queue];
  while (queue.length > 0 && hasPlace(desk) && !isBroken(desk)) {
    const entry = queue[0]!;
    const became = consider(desk, entry, undefined);
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

function consider(desk: Desk, entry: Queued | Job, place: number | undefined): Became {
  const { facts, settings, moment } = desk;
  const { members, strategy, rotation } = settings;
  const { task } = entry;
  const job = 'attempts' in entry ? entry : undefined;
  const turnDown = (reason: Failure): Became => (refuse(desk, entry, reason), 'answered');
  const nobody = (reason: string): Became => (incapable(desk, entry, reason), 'answered');

  if (entry.held) return 'waits';
  if (task.deadline !== undefined && task.deadline <= moment.at)
    return turnDown(failure('expired', `The deadline of the task "${idOf(entry)}" has passed.`));
  const spent = spentBudget(facts, job?.began === undefined);
  if (spent !== undefined) return turnDown(failure('budget', spent));
  const may = eligible(strategy, members, task);
  if ('none' in may) return nobody(may.none);
  const among = job?.fixed ? [job.member!] : may.members;
  const present = among.filter((index) => isIn(facts.seats[index]!));
  if (present.length === 0)
    return rotation.rest === null ? nobody('All members that could have it have failed too often.') : 'waits';

  const next = jobOf(desk, entry, may.members.length);
  const isAsked = may.strategy.kind === 'selector' && !job?.fixed && among.length > 1;
  const chosen = isAsked
    ? []
    : choose(job?.fixed ? one : may.strategy, among, { ...facts, members, now: moment.at }, task);
  if (!isAsked && chosen.length === 0) return 'waits';
  const toAll = may.strategy.kind === 'broadcast' && !job?.part;
  const mine = toAll ? { ...shareOf(next, chosen.length), part: true, fixed: true } : next;
  const steps = isAsked ? supplyOfChoice(desk) : supply(desk, mine, chosen);
  if (steps === 'short') return steps;
  if (steps === 'spent')
    return turnDown(failure('budget', `The step budget is exhausted: there is nothing left for "${idOf(entry)}".`));
  if (isAsked) return (ask(desk, next, place ?? freePlace(facts), present), 'placed');
  if (toAll) facts.gatherings = [...facts.gatherings, { seq: entry.seq, open: chosen.length, results: [] }];
  if (next.began === undefined && !next.part) facts.dispatched += 1;
  for (const [index, member] of chosen.entries())
    begin(desk, mine, { member, place: place ?? freePlace(facts), shares: chosen.length - index });
  return 'placed';
}

/** Once it is decided who, it is only a question of when. */
const one: Strategy = { kind: 'firstAvailable' };

/** How often it is tried is settled when it begins: until then what a person changes holds for it. */
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

/** Somebody else decides who has it; meanwhile it has its place, and holds the answer that this may take. */
function ask(desk: Desk, job: Job, place: number, among: readonly number[]): void {
  const { task } = job;
  const candidates = among.map((index) => {
    const { id, role } = desk.settings.members[index]!;
    return { id, ...(role === undefined ? {} : { role }) };
  });
  put(desk, place, { ...job, stage: 'choosing', granted: 1 });
  desk.deeds.spawn('select', selectorAt(place), { task, candidates } as unknown as Json);
}
