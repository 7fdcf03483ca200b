/** Which members may have a task, and which of them get it: healthy ones first. Pure: the same rotation and the same task give the same members. */
import { healthOf, healthStatuses } from '../../src/contracts/health.ts';
import type { Task } from '../../src/contracts/task.ts';
import type { RotationEntry } from './context.ts';
import type { RouterMember, RoutingStrategy } from './settings.ts';

/** Members by their number, or why there is none. */
export type EligibleMembers =
  { readonly members: readonly number[]; readonly strategy: RoutingStrategy } | { readonly none: string };

const messageOf = ({ input }: Task): string => (typeof input === 'string' ? 'task' : input.type);

/** The members that the strategy allows, in rotation or not. */
export function eligibleMembers(
  strategy: RoutingStrategy,
  members: readonly RouterMember[],
  task: Task,
): EligibleMembers {
  const { agentId, metadata } = task;
  if (strategy.kind === 'direct' && agentId === undefined)
    return { none: 'The task names no agent, and the router "direct" chooses none. Give it an agentId.' };
  const numbered = members.map((profile, index) => ({ profile, index }));
  const indexesOf = (chosen: typeof numbered) => chosen.map(({ index }) => index);
  const named = numbered.filter(({ profile }) => agentId === undefined || profile.id === agentId);
  if (named.length === 0)
    return { none: `There is no member "${agentId}". The members are ${members.map(({ id }) => id).join(', ')}.` };
  const message = messageOf(task);
  const capable = named.filter(({ profile }) => profile.takes.includes(message));
  if (capable.length === 0)
    return {
      none: `${agentId === undefined ? 'No member takes' : `"${agentId}" does not take`} ${message === 'task' ? 'a text' : `the message "${message}"`}.`,
    };
  if (strategy.kind !== 'role') return { members: indexesOf(capable), strategy };
  const wanted = metadata?.[strategy.key];
  const fit = capable.filter(({ profile: { role } }) => role !== undefined && role === wanted);
  if (fit.length > 0) return { members: indexesOf(fit), strategy };
  if (strategy.fallback) return eligibleMembers(strategy.fallback, members, task);
  return {
    none:
      wanted === undefined
        ? `The task has no "${strategy.key}" in its metadata, and the router has no fallback.`
        : `No member has the role ${JSON.stringify(wanted)}, and the router has no fallback.`,
  };
}

export const isInRotation = ({ outUntil }: Pick<RotationEntry, 'outUntil'>): boolean => outUntil === null;
export const hasRoom = ({ busy, trial }: RotationEntry, { capacity = Infinity }: RouterMember): boolean =>
  busy < (trial ? 1 : capacity);

interface Candidate {
  readonly index: number;
  readonly id: string;
  readonly entry: RotationEntry;
  /** Its position in `healthStatuses`: a larger number is worse. */
  readonly health: number;
  /** Whether it can take one more task. */
  readonly isFree: boolean;
}

/** The members that get the task now, out of those that may have it; none when it has to wait. The strategy `selector` is not decided here. */
export function chooseMembers(
  strategy: RoutingStrategy,
  among: readonly number[],
  {
    seats,
    members,
    turn,
    now,
  }: { seats: readonly RotationEntry[]; members: readonly RouterMember[]; turn: number; now: number },
  task: Task,
): readonly number[] {
  const inRotation = among.flatMap((index): Candidate[] => {
    const [entry, profile] = [seats[index], members[index]];
    if (!entry || !profile || !isInRotation(entry)) return [];
    const health = healthStatuses.indexOf(healthOf(entry.recent, now));
    return [{ index, id: profile.id, entry, health, isFree: hasRoom(entry, profile) }];
  });
  const free = inRotation.filter(({ isFree }) => isFree);
  const first = (candidates: readonly Candidate[]) => candidates.slice(0, 1).map(({ index }) => index);
  switch (strategy.kind) {
    case 'direct':
    case 'role':
    case 'firstAvailable':
    case 'selector':
      return first(free.toSorted((a, b) => a.health - b.health));
    case 'roundRobin': {
      // Members take turns, except those that fail while others do not. Few attempts say little about a member.
      const sound = free.filter(({ health, entry }) => health < failingRank || countOf(entry) < minAttempts);
      const considered = sound.length > 0 ? sound : free;
      return first([...considered.filter(({ index }) => index >= turn), ...considered]);
    }
    case 'leastBusy':
      return first(
        free.toSorted(
          (a, b) =>
            a.health - b.health || a.entry.busy - b.entry.busy || a.entry.taken - b.entry.taken || a.index - b.index,
        ),
      );
    case 'sticky': {
      // Rendezvous hashing: when a member leaves the rotation, only its own keys move. One that is full is waited for.
      const key = JSON.stringify(task.metadata?.[strategy.key] ?? task.correlationId ?? task.id);
      const [best] = inRotation.toSorted((a, b) => weight(key, b.id) - weight(key, a.id) || a.index - b.index);
      return best?.isFree ? [best.index] : [];
    }
    case 'broadcast':
      return free.length === inRotation.length ? inRotation.map(({ index }) => index) : [];
  }
}

const failingRank = healthStatuses.indexOf('failing');
/** The number of attempts from which on a member's health counts. */
const minAttempts = 3;
const countOf = ({ recent }: RotationEntry): number => recent.reduce((sum, { calls }) => sum + calls, 0);

/** FNV-1a with a final mix, so that keys which differ in one letter get very different weights. */
function weight(key: string, id: string): number {
  let hash = 0x811c9dc5;
  for (const char of `${key}\u0001${id}`) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
