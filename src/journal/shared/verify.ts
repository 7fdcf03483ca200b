/** Checks every segment and every entry that is stored, and lists what is damaged. */
import type { Clock } from '../../values/clock.ts';
import { toFailure } from '../../values/failure.ts';
import type { Damage, Journal } from '../journal.ts';
import { indexedRuns } from './lists.ts';
import { RunReader } from './runReader.ts';
import type { SharedStore } from './store.ts';
import { Tails } from './tails.ts';

/** Reads all runs anew, one after the other. Damage of a log is told for the process that wrote it. */
export async function verifyStore(
  store: SharedStore,
  clock: Pick<Clock, 'turn'>,
): Promise<Awaited<ReturnType<Journal['verify']>>> {
  const damage: Damage[] = [];
  let [actors, commits] = [0, 0];
  const tails = new Tails(store.logs);
  const reader = new RunReader(store.runs, tails, clock);
  for (const process of await store.logs.names())
    for (const each of (await tails.read(process)).damage) damage.push({ actor: process, seq: 0, what: whatIn(each) });
  for await (const { run, head } of indexedRuns(store)) {
    try {
      const found = await reader.take(run);
      for (const { history } of found?.replica.contents.actors.values() ?? []) {
        actors++;
        commits += history.length;
      }
    } catch (thrown) {
      damage.push({ actor: head.summary.root?.actor ?? run, seq: 0, what: whatIn(thrown), run });
    }
  }
  return { actors, commits, damage };
}

/** What is wrong, in words. Rejects with anything but damage. */
function whatIn(thrown: unknown): string {
  const { kind, message } = toFailure(thrown);
  if (kind !== 'corrupt' && kind !== 'incompatible') throw thrown;
  return message;
}
