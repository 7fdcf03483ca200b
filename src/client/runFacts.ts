/** What the root of a run says about it: which definition it is of, what it was started with, and how it ended. */
import type { ActorRow, Journal } from '../journal/journal.ts';
import { outcomeOf, type EndedOutcome } from '../runtime/outcome.ts';
import { TroupeError } from '../values/failure.ts';
import { isJsonObject, type JsonObject } from '../values/json.ts';
import { propertiesOf } from '../values/properties.ts';

/** Facts that were stored with a run when it was started: the name of its definition, and what else was given, such as its file. */
export type RunAbout = JsonObject & {
  /** The name of the definition. */
  readonly name?: string;
  /** The path of the file that it came from; absent for a run that was started from code. */
  readonly file?: string;
};

/** The most actors of a run that are read. */
export const mostActors = 10_000;

/** The root of a run. Rejects with `invalid` for an id that is empty, `unknown_recipient` when there is no such run. */
export async function rootRow(journal: Pick<Journal, 'find'>, run: string): Promise<ActorRow> {
  if (run.trim() === '') throw new TroupeError('invalid', 'Give the id of a run; it was empty.');
  const [root] = await journal.find({ run, parent: null, limit: 1 });
  if (root) return root;
  throw new TroupeError(
    'unknown_recipient',
    `There is no run "${run}" in this journal. "troupe runs list" shows those there are.`,
  );
}

/** What was stored with the run when it was started. */
export function aboutOf({ meta }: Pick<ActorRow, 'meta'>): RunAbout {
  const { about } = propertiesOf(meta);
  // The runtime stores it with every run that it starts.
  return isJsonObject(about) ? (about as RunAbout) : {};
}

/** The name of its definition; that of its machine where none was stored. */
export const definitionName = (row: Pick<ActorRow, 'meta' | 'type'>): string => aboutOf(row).name ?? row.type;

/** The id of the machine of an actor. */
export function machineIn({ snapshot, type }: Pick<ActorRow, 'snapshot' | 'type'>): string {
  const { machine } = propertiesOf(snapshot);
  return typeof machine === 'string' ? machine : type;
}

const kinds: Readonly<Record<string, string>> = {
  agent: 'agent',
  flow: 'flow',
  guardrail: 'guarded',
  router: 'orchestrator',
  run: 'team',
  workflow: 'workflow',
};

/** What kind of definition it is of: `flow`, `agent`, `team`, `workflow`, `orchestrator`, `guarded`; `machine` for any other. */
export function definitionKind(row: Pick<ActorRow, 'snapshot' | 'type'>): string {
  const machine = machineIn(row);
  return (Object.hasOwn(kinds, machine) ? kinds[machine] : undefined) ?? 'machine';
}

/** What its machine was started with. */
export const inputIn = ({ meta }: Pick<ActorRow, 'meta'>): Readonly<Record<string, unknown>> =>
  propertiesOf(propertiesOf(meta)['input']);

/** How an actor ended, also where what it gave cannot be read; undefined while it is active. */
export function runEnd(row: ActorRow): EndedOutcome | undefined {
  try {
    return outcomeOf(row);
  } catch (thrown) {
    if (!(thrown instanceof TroupeError)) throw thrown;
    return { status: 'failed', failure: { kind: thrown.kind, message: thrown.message, retryable: false } };
  }
}
