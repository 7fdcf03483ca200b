/**
 * Does a run wait, so that whoever takes it over need not read it? Recovery would do nothing but set its timers then: no effect is asked for, no message is on
 * its way, and the active actors are its root and the children that active actors wait for.
 */
import type { Address } from '../../values/ids.ts';
import { isJsonObject, type Json } from '../../values/json.ts';
import type { ActorContents } from '../memory/endedActors.ts';
import type { RunSummary } from './segment.ts';

/** Characters of facts as JSON that an index entry takes: every list of runs reads them. */
const longestFacts = 1_000;

/** How a run with these actors waits; undefined when something of it is under way, or its facts are too long for the index. */
export function restOf(actors: Iterable<Pick<ActorContents, 'row' | 'pending'>>): RunSummary['rest'] {
  const active = new Set<Address>();
  const awaited = new Set<Address>();
  let about: Json | undefined;
  let due = Infinity;
  for (const { row, pending } of actors) {
    const isActive = row.status === 'active';
    if (isActive) active.add(row.actor);
    if (isActive && row.parent === undefined) about = factsOf(row.meta);
    for (const each of pending?.values() ?? []) {
      if (each.kind === 'message' || (isActive && each.kind === 'effect')) return undefined;
      if (each.kind === 'timer' && isActive) due = Math.min(due, each.due);
      if (each.kind === 'child' && isActive) awaited.add(each.data.address);
    }
  }
  // The root is active, and all others are awaited: a child that has no commit is begun by recovery, and one that nobody awaits is stopped.
  const isWhole = active.size === awaited.size + 1 && [...awaited].every((address) => active.has(address));
  if (about === undefined || !isWhole) return undefined;
  return { about, ...(due === Infinity ? {} : { due }) };
}

function factsOf(meta: Json): Json | undefined {
  const { about = {} } = isJsonObject(meta) ? meta : {};
  return JSON.stringify(about).length > longestFacts ? undefined : about;
}
