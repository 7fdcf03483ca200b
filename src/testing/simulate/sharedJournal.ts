/** A journal that the processes of a simulation share through a store: how it is set up and recorded, and whether what is stored is what was written. */
import type { Clock } from '../../values/clock.ts';
import { reasonOf } from '../../values/cause.ts';
import { emptyContents } from '../../journal/memory/contents.ts';
import { memory } from '../../journal/memory/memory.ts';
import { memoryStore } from '../../journal/shared/memoryStore.ts';
import { shared as openShared } from '../../journal/shared/shared.ts';
import type { VirtualClock } from '../clock.ts';
import { worldStore } from '../world/faultyStore.ts';
import type { Random } from '../world/random.ts';
import type { SharedWorld } from '../world/sharedAccess.ts';
import type { SeedOptions } from './seed.ts';
import { SimulationRecorder } from './simulationRecorder.ts';
import { followStore, historyText } from './storeModel.ts';

/** What the options ask for; undefined where all processes write to one journal. */
export function sharedWorld(
  { shared = false, journal = (inner) => inner }: SeedOptions,
  time: VirtualClock,
  random: Random,
): SharedWorld | undefined {
  if (shared === false) return undefined;
  return {
    store: worldStore(memoryStore({ clock: time }), time),
    // Small, so that a short run has segments and trims.
    upkeep: {
      quietTime: random.pick([500, 5_000]),
      trimBytes: random.pick([5_000, 50_000, 4_000_000]),
      keepEndedLog: random.pick([30_000, 600_000]),
    },
    plantInStore: shared === true ? (store) => store : shared,
    plant: journal,
  };
}

/** A recorder that knows what is stored as soon as it is. */
export function storeRecorder({ store }: SharedWorld): SimulationRecorder {
  const contents = emptyContents();
  const recorder = new SimulationRecorder(memory(contents));
  followStore(store, recorder, contents);
  return recorder;
}

/** What a process that comes later reads differently from what was written, or finds damaged; in words. */
export async function divergences(
  { store }: SharedWorld,
  run: string,
  recorder: SimulationRecorder,
  clock: Clock,
): Promise<string[]> {
  const reader = openShared({ store: store.truth.open(), clock });
  try {
    const isSame = (await historyText(reader, run)) === (await historyText(recorder.journal, run));
    const { damage } = await reader.verify();
    return [
      ...(isSame ? [] : ['divided: what a new process reads differs from what was written']),
      ...damage.map(({ what }) => `divided: ${what}`),
    ];
  } catch (thrown) {
    return [`divided: a new process cannot read the run: ${reasonOf(thrown)}`];
  }
}
