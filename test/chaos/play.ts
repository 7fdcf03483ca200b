/** Plays one round by its seed. */
import { chance } from './chance.ts';
import { nodesRound } from './nodesRound.ts';
import { rounds } from './rounds.ts';
import { Stage, type Counts } from './stage.ts';

export async function playRound(
  kind: string,
  seed: number,
): Promise<{ counts: Counts; violations: readonly string[] }> {
  const random = chance(seed);
  if (kind === 'nodes') return nodesRound(random);
  const round = rounds[kind]!;
  await using stage = await Stage.open(random, round.rooms);
  await round.play(stage, random);
  await stage.judge();
  return stage;
}

export const plus = (one: Counts, other: Counts): Counts =>
  Object.fromEntries(
    Object.entries(one).map(([name, count]) => [name, count + other[name as keyof Counts]]),
  ) as unknown as Counts; // The same names, each with its sum.
