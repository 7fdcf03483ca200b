/** Which step of which run an actor works on: its ids are those of the actors above it. */
import { slugOf, type Address } from '../../../values/ids.ts';
import { propertiesOf } from '../../../values/properties.ts';
import type { ActorRow, Journal } from '../../../journal/journal.ts';
import { inputOf, rootRun, type StoredWorkflowRun } from './storedRuns.ts';

/** Gives the actor with an address. */
export type RowOf = (actor: Address) => Promise<ActorRow | undefined>;

/** The actors of a journal; each is read once. */
export function rowsOf(journal: Journal): RowOf {
  const rows = new Map<Address, Promise<ActorRow | undefined>>();
  return (actor) => {
    const known = rows.get(actor) ?? journal.find({ actor }).then(([row]) => row);
    rows.set(actor, known);
    return known;
  };
}

/** The actors of agents: of a step, and of those that an agent calls like tools. */
const agentSteps: ReadonlySet<string> = new Set(['agent-step', 'sub-agent']);

/** The ids of an agent step and of its run, from the actors above it. */
export async function stepPlace(
  step: ActorRow,
  rowOf: RowOf,
): Promise<{ run_id: string; step_id: string } | undefined> {
  const run_id = await runAbove(step, rowOf);
  const { value } = propertiesOf(inputOf(step));
  return run_id === undefined ? undefined : { run_id, step_id: String(propertiesOf(value).step) };
}

/** The id of the run or sub-run that an actor does a step of. */
export async function runAbove(step: ActorRow, rowOf: RowOf): Promise<string | undefined> {
  const above: ActorRow[] = [];
  for (let at = step.parent; at !== undefined; at = above.at(-1)?.parent) {
    const row = await rowOf(at);
    if (!row) return undefined;
    above.push(row);
  }
  const [root, ...inner] = above.toReversed();
  if (!root) return undefined;
  let run: Pick<StoredWorkflowRun, 'id' | 'outline'> = rootRun(root);
  let item: string | undefined;
  for (const row of inner) {
    // The agents that have called the one of the step like a tool.
    if (agentSteps.has(row.type)) continue;
    if (row.type === 'fan-out') {
      item = String(propertiesOf(inputOf(row)).step);
      continue;
    }
    const [name, outline] =
      Object.entries(run.outline.steps).find(([id]) => slugOf(`workflow.${id}`).id === row.type) ?? [];
    const id: string = name ?? row.type.replace(/^workflow\./, '');
    const number = item === undefined ? '' : `.${String(propertiesOf(row.meta).id).replace(/^item\./, '')}`;
    run = { id: `${run.id}/${id}${number}`, outline: outline?.workflow ?? { name: id, steps: {} } };
    item = undefined;
  }
  return run.id;
}
