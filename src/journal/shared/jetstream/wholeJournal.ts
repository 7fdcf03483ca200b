/**
 * Refuses a journal of which only some streams are there. All of them are made before the first message, so where one has messages and another is missing,
 * that one was deleted. Making it anew would hide that: what was committed to it would be done again.
 */
import { sleep, type Clock } from '../../../values/clock.ts';
import { TroupeError } from '../../../values/failure.ts';

/** What the server says of some streams by their names: undefined for one that is not there. */
export type StreamsFound<T> = ReadonlyMap<string, T | undefined>;

/** Milliseconds between two looks, and for how long: a server that has just begun answers before it has loaded all its streams. */
const [pause, patience] = [500, 5_000];

/**
 * Looks for the streams. Where some are gone and one that is there has ever had a message, it looks again for five seconds, and then rejects with `environment`;
 * with `acceptRestored` what they held is given up.
 */
export async function wholeJournal<T extends { readonly state: { readonly last_seq: number } }>(
  look: () => Promise<StreamsFound<T>>,
  { acceptRestored, clock }: { readonly acceptRestored: boolean; readonly clock: Pick<Clock, 'wake' | 'now'> },
): Promise<StreamsFound<T>> {
  if (acceptRestored) return look();
  const until = clock.now() + patience;
  let found = await look();
  // Another process may also have made them, and have written to them, between the answers of the server.
  while (!isWhole(found)) {
    if (clock.now() >= until) throw notWhole(found);
    await sleep(clock, pause);
    found = await look();
  }
  return found;
}

function notWhole(found: StreamsFound<unknown>): TroupeError {
  const gone = [...found].flatMap(([name, info]) => (info ? [] : [name]));
  return new TroupeError(
    'environment',
    `The shared journal is not whole: ${gone.join(', ')} is gone from the server, and its other streams are there. A server that was just started may still be loading it: try again when it is ready. Otherwise what was committed to it is lost, and would be done again. Put it back from a backup; or, if the loss is to be accepted, say so once: --nats-accept-restored, TROUPE_NATS_ACCEPT_RESTORED=1 or nats: { acceptRestored: true }.`,
    { data: { gone: true, streams: gone } },
  );
}

/** Are all there, or has none of those that are there ever had a message? */
function isWhole(found: StreamsFound<{ readonly state: { readonly last_seq: number } }>): boolean {
  const there = [...found.values()].filter((info) => info !== undefined);
  return there.length === found.size || there.every(({ state }) => state.last_seq === 0);
}
