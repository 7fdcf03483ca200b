/** Finds runs and sub-runs of workflows in a journal, and shows how they stand. */
import * as z from 'zod';
import { StepRecord, WorkflowOutput } from '../../../contracts/workflow/step.ts';
import { Failure } from '../../../values/failure.ts';
import { slugOf } from '../../../values/ids.ts';
import { asJson, isJsonObject } from '../../../values/json.ts';
import { propertiesOf } from '../../../values/properties.ts';
import type { ActorRow, Journal } from '../../../journal/journal.ts';
import type { RunView, StepView, WorkflowRunStatus } from '../contracts/runViews.ts';
import { stepView, timeText } from '../contracts/stepViews.ts';
import { outlineIn, type WorkflowOutline } from './outline.ts';

/** A run or a sub-run: its actor, and what is known of its steps. */
export interface StoredWorkflowRun {
  /** The key of the run, and `parent/step` for a sub-run; `.N` follows for an item. */
  readonly id: string;
  readonly row: ActorRow;
  readonly outline: WorkflowOutline;
}

/** The most actors that are looked at for one list. */
const mostActors = 10_000;

/** The run with an id; undefined when there is none. */
export async function storedRun(journal: Journal, id: string): Promise<StoredWorkflowRun | undefined> {
  const [run = '', ...steps] = id.split('/');
  const [root] = await journal.find({ run, parent: null, type: 'workflow', limit: 1 });
  if (!root) return undefined;
  let found: StoredWorkflowRun | undefined = rootRun(root);
  for (const step of steps)
    found &&= (await subRuns(journal, found)).find((each) => each.id === `${found?.id}/${step}`);
  return found;
}

/** The run of a root actor. */
export const rootRun = (row: ActorRow): StoredWorkflowRun => ({ id: row.run, row, outline: outlineIn(aboutOf(row)) });

/** The sub-runs that are steps of a run, the latest first: of a step that was tried again, the last one. */
export async function subRuns(journal: Journal, parent: StoredWorkflowRun): Promise<readonly StoredWorkflowRun[]> {
  const steps = Object.entries(parent.outline.steps).filter(([, { workflow }]) => workflow);
  if (steps.length === 0) return [];
  const children = await journal.find({ run: parent.row.run, parent: parent.row.actor, limit: mostActors });
  const found = new Map<string, StoredWorkflowRun>();
  const add = (id: string, row: ActorRow, outline: WorkflowOutline) => {
    const before = found.get(id);
    if (!before || before.row.created < row.created) found.set(id, { id, row, outline });
  };
  for (const [step, { workflow }] of steps) {
    if (!workflow) continue;
    const type = slugOf(`workflow.${step}`).id;
    for (const child of children) {
      if (child.type === type) add(`${parent.id}/${step}`, child, workflow);
      if (child.type !== 'fan-out' || propertiesOf(inputOf(child)).step !== step) continue;
      const items = await journal.find({ run: child.run, parent: child.actor, type, limit: mostActors });
      for (const item of items) add(`${parent.id}/${step}.${itemOf(item)}`, item, workflow);
    }
  }
  return [...found.values()].toSorted((a, b) => b.row.created - a.row.created);
}

/** A run with all of its sub-runs. */
export async function withSubRuns(journal: Journal, run: StoredWorkflowRun): Promise<readonly StoredWorkflowRun[]> {
  const inner = await Promise.all((await subRuns(journal, run)).map((each) => withSubRuns(journal, each)));
  return [run, ...inner.flat()];
}

/** The runs of a journal, without their sub-runs. */
export const rootRuns = async (journal: Journal): Promise<readonly StoredWorkflowRun[]> =>
  (await journal.find({ type: 'workflow', parent: null, limit: mostActors })).map(rootRun);

const Running = z.object({ step: z.string(), kind: z.string(), since: z.number() });
const Snapshot = z.looseObject({
  state: z.looseObject({
    context: z
      .looseObject({
        running: z.record(z.string(), Running).default({}),
        attempts: z.record(z.string(), z.looseObject({ count: z.number(), since: z.number() })).default({}),
      })
      .optional(),
    output: z.looseObject({ output: WorkflowOutput }).optional(),
  }),
  failure: Failure.optional(),
});

/** How a run stands. */
export function runView({ id, row, outline }: StoredWorkflowRun): RunView {
  const { state, failure } = Snapshot.safeParse(row.snapshot).data ?? { state: {}, failure: undefined };
  const output = state.output?.output;
  const failed = output?.status === 'failed' ? output : undefined;
  const error =
    failed?.failure.message ?? failure?.message ?? (output?.status === 'cancelled' ? output.reason : undefined);
  const code = failed?.code ?? failure?.kind;
  const { params } = propertiesOf(inputOf(row));
  return {
    id,
    workflow_name: outline.name,
    status: statusOf(row, output?.status),
    created_at: timeText(row.created),
    updated_at: timeText(row.updated),
    ...(row.status === 'active' ? {} : { completed_at: timeText(row.updated) }),
    ...(error === undefined ? {} : { error }),
    ...(code === undefined ? {} : { code }),
    ...(isJsonObject(params) ? { payload: asJson(params) } : {}),
    ...(output?.status === 'complete' ? { output: output.result } : {}),
  };
}

function statusOf({ status, tags }: ActorRow, ended: WorkflowOutput['status'] | undefined): WorkflowRunStatus {
  if (status === 'active') return tags.includes('paused') ? 'paused' : 'running';
  return ended ?? (status === 'stopped' ? 'cancelled' : 'failed');
}

/** The steps of a run: those that have ended in the order of their ends, then those under way. `waits`: the steps with a call that waits for a person. */
export async function stepViews(
  journal: Journal,
  { id, row, outline }: StoredWorkflowRun,
  waits: ReadonlySet<string>,
): Promise<readonly StepView[]> {
  const kindOf = (step: string) => outline.steps[step]?.kind ?? 'step';
  const records = await journal.list(row.actor, 'records');
  const ended = records
    .map((entry) => StepRecord.parse(entry))
    .map((record) => stepView(id, kindOf(record.id), record));
  if (row.status !== 'active') return ended;
  const { context } = Snapshot.safeParse(row.snapshot).data?.state ?? {};
  const known = new Set(ended.map((step) => step.id));
  const started = [
    ...Object.values(context?.running ?? {}),
    ...Object.entries(context?.attempts ?? {}).map(([step, { since }]) => ({ step, since })),
  ].filter(({ step }) => !known.has(step));
  const underWay = new Map(started.map(({ step, since }) => [step, since]));
  return [
    ...ended,
    ...[...underWay].map(([step, since]): StepView => ({
      id: step,
      run_id: id,
      name: step,
      type: kindOf(step),
      status: waits.has(step) ? 'pending_approval' : 'running',
      started_at: timeText(since),
      metrics: { duration_ms: 0, tokens_in: 0, tokens_out: 0, cost_usd: 0, llm_calls: 0, tool_calls: 0 },
    })),
  ];
}

/** What an actor was given. */
export const inputOf = ({ meta }: Pick<ActorRow, 'meta'>): unknown => propertiesOf(meta).input;
const aboutOf = ({ meta }: Pick<ActorRow, 'meta'>): unknown => propertiesOf(meta).about;
/** The number of the item that an actor is of a fan-out. */
const itemOf = ({ meta }: Pick<ActorRow, 'meta'>): string => String(propertiesOf(meta).id).replace(/^item\./, '');
