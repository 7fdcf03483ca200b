/** An orchestrator in memory, which answers the HTTP contract. */
import { canonicalJson, type JsonObject } from '../../../src/values/json.ts';
import { TroupeError } from '../../../src/values/failure.ts';
import { noMetrics } from '../../../src/contracts/workflow/metrics.ts';
import type { ApprovalView } from '../../../src/doors/http/contracts/approvalViews.ts';
import type { RunView, StepView } from '../../../src/doors/http/contracts/runViews.ts';
import type { WaitView } from '../../../src/doors/http/contracts/waitViews.ts';
import { dispatchTokens } from '../../../src/doors/http/dispatchTokens.ts';
import type {
  InvocableWorkflow,
  ListPage,
  ListQuery,
  OrchestratorService,
} from '../../../src/doors/http/orchestrator/service.ts';

export const time = '2026-01-02T03:04:05.000Z';
/** The tokens of the steps that were dispatched. */
export const tokens = dispatchTokens('the secret of the test');

export const runOf = (id: string, more: Partial<RunView> = {}): RunView => ({
  id,
  workflow_name: 'news',
  status: 'running',
  created_at: time,
  updated_at: time,
  ...more,
});

export const stepOf = (run: string, id: string, more: Partial<StepView> = {}): StepView => ({
  id,
  run_id: run,
  name: id,
  type: 'transform',
  status: 'complete',
  output: { result: [1] },
  started_at: time,
  ended_at: time,
  metrics: { ...noMetrics, duration_ms: 5, tokens_in: 10 },
  ...more,
});

export const approvalOf = (
  run: string,
  step: string,
  call: string,
  more: Partial<ApprovalView> = {},
): ApprovalView => ({
  run_id: run,
  step_id: step,
  tool_name: 'delete',
  tool_use_id: call,
  ticket_id: `wait/${call}`,
  arguments: { path: '/' },
  on_reject: 'fail',
  timeout_ms: 0,
  timeout_behavior: 'fail',
  status: 'pending',
  created_at: time,
  ...more,
});

/** What was told to it, and what it tells. */
export interface FakeOrchestrator extends OrchestratorService {
  readonly workflows: Map<string, InvocableWorkflow & { required?: string }>;
  readonly all: Map<string, { run: RunView; steps: StepView[]; params?: JsonObject }>;
  readonly pending: ApprovalView[];
  readonly questions: WaitView[];
  /** The answers to questions, as canonical JSON. */
  readonly answered: Map<string, string>;
  /** Calls of methods that change something, in order. */
  readonly calls: unknown[];
  peers: OrchestratorService['peers'];
  /** Ends a run that is waited for. */
  end(id: string, more: Partial<RunView>): void;
}

/** The cursor is the number of the first entry. */
function pageOf<Item>(all: readonly Item[], { limit, cursor = '0' }: ListQuery): ListPage<Item> {
  const from = Number(cursor);
  if (!Number.isInteger(from)) throw new TroupeError('invalid', 'unknown cursor');
  const isLast = from + limit >= all.length;
  return { items: all.slice(from, from + limit), ...(isLast ? {} : { next: String(from + limit) }) };
}

export function fakeOrchestrator(): FakeOrchestrator {
  const waiting = new Map<string, () => void>();
  const fake: FakeOrchestrator = {
    workflows: new Map([['news', { variable: () => undefined }]]),
    all: new Map(),
    pending: [],
    questions: [],
    answered: new Map(),
    calls: [],
    peers: {},
    end(id, more) {
      const found = fake.all.get(id);
      if (found) found.run = { ...found.run, ...more };
      waiting.get(id)?.();
    },
    workflow: async (name) => fake.workflows.get(name),
    async start({ workflow, params, id = `run_${String(fake.all.size + 1).padStart(16, '0')}` }) {
      const required = fake.workflows.get(workflow)?.required;
      if (required !== undefined && !(required in params))
        throw new TroupeError('invalid', `input missing required field "${required}"`);
      const before = fake.all.get(id);
      if (before?.params && canonicalJson(before.params) !== canonicalJson(params))
        throw new TroupeError('conflict', 'another run has this id');
      if (!before)
        fake.all.set(id, { run: runOf(id, { workflow_name: workflow, payload: params }), steps: [], params });
      fake.calls.push(['start', workflow, params]);
      return { id, existed: before !== undefined };
    },
    async ended(id, signal) {
      const found = () => fake.all.get(id)?.run;
      if (found()?.status !== 'running') return found();
      await new Promise<void>((resolve, reject) => {
        waiting.set(id, resolve);
        signal.addEventListener('abort', () => reject(new TroupeError('cancelled', 'stopped')));
      });
      return found();
    },
    async runs({ workflow, status, limit, cursor }) {
      const runs = [...fake.all.values()]
        .map(({ run }) => run)
        .reverse()
        .filter(
          (run) => (workflow ?? run.workflow_name) === run.workflow_name && (status ?? run.status) === run.status,
        );
      const from = cursor === undefined ? 0 : runs.findIndex(({ id }) => id === cursor);
      if (from < 0) throw new TroupeError('invalid', 'unknown cursor');
      const next = runs[from + limit]?.id;
      return { runs: runs.slice(from, from + limit), ...(next === undefined ? {} : { next }) };
    },
    run: async (id) => fake.all.get(id),
    async command(id, command) {
      const found = fake.all.get(id);
      if (!found) return false;
      if (found.run.status === 'complete') throw new TroupeError('conflict', 'the run has ended');
      fake.calls.push([command, id]);
      if (command === 'cancel') found.run = { ...found.run, status: 'cancelled' };
      return true;
    },
    heartbeat: async (beat) => void fake.calls.push(['heartbeat', beat]),
    mayComplete: async (run, step, token) => tokens.fits(token, run, step),
    complete: async (run, step, payload) => void fake.calls.push(['complete', run, step, payload]),
    approval: async ({ run, step, toolUseId, ticket }) =>
      fake.pending.find(
        (each) =>
          each.run_id === run &&
          each.step_id === step &&
          (toolUseId ?? each.tool_use_id) === each.tool_use_id &&
          (ticket ?? each.ticket_id) === each.ticket_id,
      ),
    approvals: async (query) =>
      pageOf(
        fake.pending.filter((each) => each.status === 'pending'),
        query,
      ),
    approvalsOf: async (run) => fake.pending.filter((each) => each.run_id === run),
    waits: async (query) => pageOf(fake.questions, query),
    async answer({ run, step, answer, by }) {
      const at = fake.questions.findIndex((each) => each.run_id === run && each.step_id === step);
      if (at < 0)
        return fake.answered.get(`${run} ${step}`) === undefined
          ? 'missing'
          : fake.answered.get(`${run} ${step}`) === canonicalJson(answer)
            ? 'same'
            : 'answered';
      if (typeof answer === 'string') throw new TroupeError('invalid', 'The answer must be an object.');
      fake.questions.splice(at, 1);
      fake.answered.set(`${run} ${step}`, canonicalJson(answer));
      fake.calls.push(['answer', run, step, answer, by]);
      return 'done';
    },
    async decide(decision) {
      const found = await fake.approval(decision);
      if (!found) return 'missing';
      if (found.status !== 'pending') return { decided: found };
      const { decision: status, by = 'a person over HTTP' } = decision;
      fake.pending[fake.pending.indexOf(found)] = { ...found, status, decided_at: time, decided_by: by };
      fake.calls.push(['decide', decision]);
      return 'done';
    },
  };
  return fake;
}
