/** Who may have a task, and who of them has it: who is well before who is not. Pure: the same rotation and the same task give the same member. */
import { healthOf, healthStatuses } from '../../src/contracts/health.ts';
import type { Task } from '../../src/contracts/task.ts';
import type { Seat } from './context.ts';
import type { Profile, Strategy } from './settings.ts';

/** Members by their place in the order of registration; or why there is none. */
export type Eligible = { readonly members: readonly number[]; readonly strategy: Strategy } | { readonly none: string };

const messageOf = ({ input }: Task): string => (typeof input === 'string' ? 'task' : input.type);

/** Whom the strategy allows, in rotation or not. */
export function eligible(strategy: Strategy, members: readonly Profile[], task: Task): Eligible {
  const { agentId, metadata } = task;
  if (strategy.kind === 'direct' && agentId === undefined)
    return { none: 'The task names no agent, and the router "direct" chooses none. Give it an agentId.' };
  const named = members.flatMap(({ id }, index) => (agentId === undefined || id === agentId ? [index] : []));
  if (named.length === 0)
    return { none: `There is no member "${agentId}". The members are ${members.map(({ id }) => id).join(', ')}.` };
  const message = messageOf(task);
  const able = named.filter((index) => members[index]!.takes.includes(message));
  if (able.length === 0)
    return {
      none: `${agentId === undefined ? 'No member takes' : `"${agentId}" does not take`} ${message === 'task' ? 'a text' : `the message "${message}"`}.`,
    };
  if (strategy.kind !== 'role') return { members: able, strategy };
  const role = metadata?.[strategy.key];
  const fit = able.filter((index) => members[index]!.role !== undefined && members[index]!.role === role);
  if (fit.length > 0) return { members: fit, strategy };
  if (strategy.fallback) return eligible(strategy.fallback, members, task);
  return {
    none:
      role === undefined
        ? `The task has no "${strategy.key}" in its metadata, and the router has no fallback.`
        : `No member has the role ${JSON.stringify(role)}, and the router has no fallback.`,
  };
}

export const isIn = ({ outUntil }: Seat): boolean => outUntil === null;
export const hasRoom = ({ busy, trial }: Seat, { capacity = Infinity }: Profile): boolean =>
  busy < (trial ? 1 : capacity);

/** Who has it now, out of those that may; empty when it has to wait. A selector is asked elsewhere. */
export function choose(
  strategy: Strategy,
  among: readonly number[],
  { seats, members, turn, now }: { seats: readonly Seat[]; members: readonly Profile[]; turn: number; now: number },
  task: Task,
): readonly number[] {
  const inRotation = among.filter((index) => isIn(seats[index]!));
  const free = inRotation.filter((index) => hasRoom(seats[index]!, members[index]!));
  const first = (indexes: readonly number[]) => indexes.slice(0, 1);
  const healths = new Map(free.map((index) => [index, healthStatuses.indexOf(healthOf(seats[index]!.recent, now))]));
  const byHealth = (a: number, b: number) => healths.get(a)! - healths.get(b)!;
  switch (strategy.kind) {
    case 'direct':
    case 'role':
    case 'firstAvailable':
    case 'selector':
      return first(free.toSorted(byHealth));
    case 'roundRobin': {
      // Everybody in turn, but for those that fail while others do not; one failure alone says little.
      const sound = free.filter((index) => healths.get(index)! < failing || countOf(seats[index]!) < telling);
      const line = sound.length > 0 ? sound : free;
      return first([...line.filter((index) => index >= turn), ...line]);
    }
    case 'leastBusy':
      return first(
        free.toSorted(
          (a, b) => byHealth(a, b) || seats[a]!.busy - seats[b]!.busy || seats[a]!.taken - seats[b]!.taken || a - b,
        ),
      );
    case 'sticky': {
      // Rendezvous: who leaves the rotation takes along only what was theirs. One that is full is waited for.
      const key = JSON.stringify(task.metadata?.[strategy.key] ?? task.correlationId ?? task.id);
      const [best] = inRotation.toSorted((a, b) => weight(key, members[b]!.id) - weight(key, members[a]!.id) || a - b);
      return best !== undefined && free.includes(best) ? [best] : [];
    }
    case 'broadcast':
      return free.length === inRotation.length ? inRotation : [];
  }
}

const failing = healthStatuses.indexOf('failing');
/** So many attempts tell how somebody is. */
const telling = 3;
const countOf = ({ recent }: Seat): number => recent.reduce((sum, { calls }) => sum + calls, 0);

/** FNV-1a, stirred so that names that differ in one letter are far apart. */
function weight(key: string, id: string): number {
  let hash = 0x811c9dc5;
  for (const char of `${key}\u0001${id}`) hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
