/**
 * How runs stand, as the nodes that have them say: a journal knows a lease and its end, and not that a process lives which cannot write, or works on though
 * its lease was not seen to be renewed.
 */
import * as z from 'zod';
import type { Runtime } from '../runtime/runtime.ts';
import { standings, standingsOf, type RunStanding } from '../runtime/standing.ts';
import type { NodeRuns } from './runs.ts';

/** The request to a node: these of its runs. */
export const StandingRequest = z.object({ runs: z.array(z.string()).max(10_000) });

/** Its answer, by run; those that it does not have are left out. */
export const StandingAnswer = z.record(
  z.string(),
  z.object({
    status: z.enum(standings),
    needs: z.literal('you').optional(),
    paused: z.literal(true).optional(),
    reason: z.string().optional(),
  }),
);

/** How the runs at this node stand. */
export async function standingsHere(
  runtime: Runtime,
  runs: NodeRuns,
  { runs: asked }: z.infer<typeof StandingRequest>,
): Promise<Record<string, RunStanding>> {
  const here = asked.filter((run) => runs.all.has(run));
  const roots = await Promise.all(
    here.map(async (run) => await runtime.journal.find({ run, parent: null, status: 'active', limit: 1 })),
  );
  return Object.fromEntries(await standingsOf(runtime, roots.flat()));
}

/** A lease as far as it says which process has a run. */
export interface RunHolder {
  /** The run. */
  readonly run: string;
  /** The owner of its lease. */
  readonly owner: string;
}

/** What the nodes say of these runs. Those of a process that is no node, or does not answer in time, are left out: of them one knows what the journal says. */
export async function askedStandings(
  holders: readonly RunHolder[],
  nodeOf: ReadonlyMap<string, string>,
  ask: (node: string, runs: readonly string[]) => Promise<unknown>,
): Promise<Map<string, RunStanding>> {
  const byNode = new Map<string, string[]>();
  for (const { run, owner } of holders) {
    const node = nodeOf.get(owner);
    if (node !== undefined) byNode.set(node, [...(byNode.get(node) ?? []), run]);
  }
  const answers = await Promise.all(
    [...byNode].map(async ([node, runs]) => {
      const answer = await ask(node, runs).catch(() => undefined);
      // A node of an earlier version does not serve the request, and one of a later version may say more.
      return Object.entries(StandingAnswer.safeParse(answer).data ?? {});
    }),
  );
  // The schema's optional properties are absent or set, never undefined: they come from JSON.
  return new Map(answers.flat() as [string, RunStanding][]);
}
