/** How runs stand, for a command that shows them: as the nodes say that have them, or as the journal does. */
import type { ActorRow } from '../journal/journal.ts';
import { outcomeOf, type EndedOutcome } from '../runtime/outcome.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { standingsOf, type RunStanding } from '../runtime/standing.ts';
import type { RunHolder } from '../cluster/standings.ts';
import type { Cli } from './cli.ts';
import { natsOptionsOf, type CommonOptions } from './options.ts';

/** How a run stands, or how it ended. */
export type ShownStanding =
  | RunStanding
  | {
      readonly status: EndedOutcome['status'];
      readonly needs?: undefined;
      readonly paused?: undefined;
      readonly reason?: undefined;
    };

/** What the nodes say that have these runs. A command that reads a file needs no part of a cluster. */
const askNodes = async (
  cli: Cli,
  options: CommonOptions,
  holders: readonly RunHolder[],
): Promise<ReadonlyMap<string, RunStanding>> =>
  holders.length === 0 || natsOptionsOf(cli, options) === undefined
    ? new Map()
    : await (await import('./commands/cluster.ts')).askNodes(cli, options, holders);

/** How each run stands, or how it ended. On a server the nodes that have them are asked; otherwise, and where they do not answer, the journal says it. */
export async function standingsIn(
  cli: Cli,
  options: CommonOptions,
  runtime: Runtime,
  roots: readonly ActorRow[],
): Promise<(root: ActorRow) => ShownStanding> {
  const unended = roots.filter(({ status }) => status === 'active');
  const known = await standingsOf(runtime, unended);
  const [only] = unended.length === 1 ? unended : [];
  const claims = unended.length === 0 ? [] : await runtime.journal.claims(only === undefined ? {} : { run: only.run });
  // Only a process that may have it now can say more than the journal.
  const holders = claims.filter(({ run, until }) => until > 0 && known.has(run));
  const active = new Map([...known, ...(await askNodes(cli, options, holders))]);
  return (root) => {
    const ended = outcomeOf(root)?.status;
    return ended === undefined ? (active.get(root.run) ?? { status: 'working' }) : { status: ended };
  };
}
