/**
 * Refuses a journal of which only some streams are there. All of them are made before the first message, so where one has messages and another is missing,
 * that one was deleted. Making it anew would hide that: what was committed to it would be done again.
 */
import { sleep, type Clock } from '../../../values/clock.ts';
import { TroupeError } from '../../../values/failure.ts';

/** What the server says of some streams by their names: undefined for one that is not there. */
export type StreamsFound<T> = ReadonlyMap<string, T | undefined>;

/** Milliseconds between two looks. */
const pause = 500;

/** Looks for the streams. Rejects with `environment` when some are gone, unless `acceptRestored`: then what they held is given up. */
export async function wholeJournal<T extends { readonly state: { readonly last_seq: number } }>(
  look: () => Promise<StreamsFound<T>>,
  { acceptRestored, clock }: { readonly acceptRestored: boolean; readonly clock: Pick<Clock, 'wake' | 'now'> },
): Promise<StreamsFound<T>> {
  const found = await look();
  if (acceptRestored || isWhole(found)) return found;
  // Another process may have made them, and have written to them, between the answers of the server; or it has just begun, and restores them.
  await sleep(clock, pause);
  const again = await look();
  if (isWhole(again)) return again;
  const gone = [...again].flatMap(([name, info]) => (info ? [] : [name]));
  throw new TroupeError(
    'environment',
    `The shared journal is not whole: ${gone.join(', ')} is gone from the server, and its other streams are there. What was committed to it is lost, and would be done again. Put it back from a backup; or, if the loss is to be accepted, say so once: --nats-accept-restored, TROUPE_NATS_ACCEPT_RESTORED=1 or nats: { acceptRestored: true }.`,
    { data: { gone: true, streams: gone } },
  );
}

function isWhole(found: StreamsFound<{ readonly state: { readonly last_seq: number } }>): boolean {
  const there = [...found.values()].filter((info) => info !== undefined);
  return there.length === found.size || there.every(({ state }) => state.last_seq === 0);
}
