/** Plays one round by its seed. */
import { seededRandom } from './random.ts';
import { nodesRound } from './nodesRound.ts';
import { threeServers } from './places.ts';
import { rounds } from './rounds.ts';
import { ChaosRound, type ChaosCounts } from './chaosRound.ts';

export async function playRound(
  kind: string,
  seed: number,
): Promise<{ counts: ChaosCounts; violations: readonly string[] }> {
  const random = seededRandom(seed);
  if (kind === 'nodes') return nodesRound(random);
  if (kind === 'leaders') return nodesRound(random, threeServers);
  const roundKind = rounds[kind]!;
  await using round = await ChaosRound.open(random, roundKind.rooms);
  await roundKind.play(round, random);
  await round.checkOutcome();
  return round;
}

export const plus = (one: ChaosCounts, other: ChaosCounts): ChaosCounts =>
  Object.fromEntries(
    Object.entries(one).map(([name, count]) => [name, count + other[name as keyof ChaosCounts]]),
  ) as unknown as ChaosCounts; // The same names, each with its sum.
