/** A journal that each process of a simulation applies from a shared log: how it is set up and recorded, and whether all copies agree. */
import type { Clock } from '../../values/clock.ts';
import { memoryReplica } from '../../journal/replicated/memoryReplica.ts';
import { replicated } from '../../journal/replicated/replicated.ts';
import type { JournalReplica } from '../../journal/replicated/replica.ts';
import { overrideMethods } from '../world/intercept.ts';
import type { Random } from '../world/random.ts';
import { historyText, type SharedJournal } from '../world/replica.ts';
import { SharedLog } from '../world/sharedLog.ts';
import type { SeedOptions } from './seed.ts';
import type { SimulatedProcess } from './simulatedProcess.ts';
import { SimulationRecorder } from './simulationRecorder.ts';

/** What the options ask for; undefined where all processes write to one journal. */
export function sharedJournal({ shared = false, journal }: SeedOptions, random: Random): SharedJournal | undefined {
  if (shared === false) return undefined;
  const defect = shared === true ? (view: JournalReplica) => view : shared;
  return {
    log: new SharedLog(),
    every: random.pick([10, 30, 1_000]),
    plant: (view) => defect(journal ? overrideMethods(view, { journal: journal(view.journal) }) : view),
  };
}

/** A recorder that applies every entry of the log as soon as it is stored. */
export function logRecorder({ log, every, plant }: SharedJournal, clock: Clock): SimulationRecorder {
  const view = plant(memoryReplica());
  const recorder = new SimulationRecorder(view.journal);
  void replicated({
    log: log.open(),
    replica: overrideMethods(view, { journal: recorder.journal }),
    clock,
    snapshotEvery: every,
  });
  return recorder;
}

/** The processes that have applied the whole log and whose journal is another one than the recorder's; in words. */
export async function divergences(
  { log }: SharedJournal,
  run: string,
  recorder: SimulationRecorder,
  processes: readonly SimulatedProcess[],
): Promise<string[]> {
  const expected = await historyText(recorder.journal, run);
  const problems: string[] = [];
  for (const { name, replica } of processes) {
    const applied = await replica?.applied(run);
    if (applied?.position === log.standing.last && applied.history !== expected)
      problems.push(`divided: ${name} has applied the whole log, and its journal differs from that of the others`);
  }
  return problems;
}
