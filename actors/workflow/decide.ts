/**
 * Decides what follows from the steps of a workflow that have ended: what is skipped, what a transform makes of their outputs, what begins, and how it all ends.
 * It is pure: from the same records it decides the same. Only times are those of the clock.
 */
import type { EffectScope } from '../../src/contracts/effect.ts';
import type { StepDefinition, WorkflowDefinition } from '../../src/contracts/workflow/definition.ts';
import type { StepEnd, StepRecord } from '../../src/contracts/workflow/step.ts';
import type { StepCache } from '../../src/contracts/workflow/stepCache.ts';
import type { StepNote } from '../../src/contracts/workflow/stepNote.ts';
import type { WorkflowValues } from '../../src/contracts/workflow/values.ts';
import { toFailure, type Failure } from '../../src/values/failure.ts';
import { asJson, type Json } from '../../src/values/json.ts';
import { orWhenFailed, whenThere, type Soon } from '../../src/values/soon.ts';
import { condition } from '../../src/workflow/expressions/condition.ts';
import { referencesOf } from '../../src/workflow/expressions/references.ts';
import { judge } from '../../src/workflow/airlock/judge.ts';
import { transform } from '../../src/workflow/transform/transform.ts';
import type {
  DecideInput,
  Decision,
  StepDispatch,
  StepStart,
  WorkflowStart,
} from '../../machines/workflow/effectTypes.ts';
import { lateFailure } from '../../machines/workflow/actions.ts';
import { effect } from '../effect.ts';
import { foldOf } from '../lists.ts';
import { budgetFailure, sharesOf } from './budget.ts';
import { cachedEnd, cacheKey, keepEnd } from './cachedSteps.ts';
import { endOf, failedEndOf, failedWorkflow } from './result.ts';
import { rulesOf, type AsStep } from './rules.ts';
import { singleStart, type StepScope, type WorkingStep } from './stepStart.ts';
import { outputOf, recordsFold, startOf, workflowValues } from './values.ts';

/** Steps that run at once, where the workflow does not say. */
const defaultConcurrency = 16;
/** So many steps are decided about at most, before what was decided is kept. */
const mostAtOnce = 2_000;

/** The effect `decide` of a workflow. */
export function decideEffect(definition: WorkflowDefinition, asStep: AsStep, cache?: StepCache) {
  const graph = graphOf(definition);
  return effect<Decision, DecideInput>(
    async (asked, scope) => {
      const start = await startOf(scope);
      const { byStep } = await foldOf(scope, 'records', recordsFold);
      return await new Deciding(graph, asStep, start, byStep, asked, scope, cache).decide();
    },
    { kind: 'pure', eager: true, immutable: true },
  );
}

/** A definition, and what all its decisions look up in it. */
interface StepGraph {
  readonly definition: WorkflowDefinition;
  readonly steps: ReadonlyMap<string, StepDefinition>;
  /** The ids of all steps, also of those with a recorded output. */
  readonly ids: readonly string[];
  /** By the id of a step: the steps that come after it. */
  readonly followers: ReadonlyMap<string, readonly StepDefinition[]>;
}

function graphOf(definition: WorkflowDefinition): StepGraph {
  const followers = new Map<string, StepDefinition[]>();
  for (const step of definition.steps)
    for (const id of step.after) {
      const after = followers.get(id);
      if (after) after.push(step);
      else followers.set(id, [step]);
    }
  const steps = new Map(definition.steps.map((step) => [step.id, step]));
  return { definition, steps, ids: [...steps.keys(), ...Object.keys(definition.recorded ?? {})], followers };
}

/** One decision. */
class Deciding {
  readonly #graph: StepGraph;
  readonly #definition: WorkflowDefinition;
  readonly #asStep: AsStep;
  readonly #start: WorkflowStart;
  readonly #asked: DecideInput;
  readonly #scope: EffectScope;
  readonly #records: Map<string, StepRecord>;
  readonly #outputs: Record<string, Json> = {};
  readonly #values: WorkflowValues;
  readonly #finished: StepRecord[] = [];
  readonly #cache: StepCache | undefined;
  readonly #dispatch: Omit<StepDispatch, 'reservedUsd'>[] = [];

  constructor(
    graph: StepGraph,
    asStep: AsStep,
    start: WorkflowStart,
    records: ReadonlyMap<string, StepRecord>,
    asked: DecideInput,
    scope: EffectScope,
    cache: StepCache | undefined,
  ) {
    this.#cache = cache;
    const { definition } = graph;
    this.#graph = graph;
    this.#definition = definition;
    this.#asStep = asStep;
    this.#start = start;
    this.#asked = asked;
    this.#scope = scope;
    this.#records = new Map(records);
    Object.assign(this.#outputs, definition.recorded);
    for (const [id, { end }] of records) this.#outputs[id] = outputOf(end);
    this.#values = workflowValues(definition, start, this.#outputs);
  }

  async decide(): Promise<Decision> {
    const { steps, problem } = this.#definition;
    if (problem !== undefined) return this.#ended(failedWorkflow('definition', brokenFiles(problem)));
    // What ends because the time is up is no success, whatever its step tolerates: the timer may fire a little later.
    const { clock, deadline = Infinity } = this.#scope;
    if (clock.now() >= deadline) return this.#ended(failedWorkflow('run_timeout', lateFailure));
    const fatal = this.#fatal([...this.#records.values()]);
    if (fatal) return this.#ended(failedEndOf(fatal));
    const spent = budgetFailure(this.#budget, this.#asked);
    if (spent) return this.#ended(spent);
    await this.#keepResults();
    const busy = new Set(this.#asked.busy);
    for (const step of this.#inOrder(busy)) {
      const turn = this.#scope.clock.turn?.();
      if (turn) await turn;
      if (this.#finished.length >= mostAtOnce)
        return { finished: this.#finished, dispatch: this.#dispatches(), more: true };
      const considered = this.#consider(step, busy.size + this.#dispatch.length);
      const end = considered instanceof Promise ? await considered : considered;
      if (!end) continue;
      const record = this.#finish(step, end);
      if (this.#fatal([record])) return this.#ended(failedEndOf(record));
    }
    if (this.#records.size >= steps.length && steps.every(({ id }) => this.#records.has(id)))
      return this.#ended(endOf(this.#definition, this.#asStep, this.#values, this.#records));
    return { finished: this.#finished, dispatch: this.#dispatches() };
  }

  /** Steps whose predecessors have ended, in the order of the file; those that a step before makes ready follow in their turn. */
  *#inOrder(busy: ReadonlySet<string>): Generator<StepDefinition> {
    const { steps, recorded = {} } = this.#definition;
    /** How many steps before a step have not ended; of the steps that can begin in this decision. */
    const open = new Map<string, number>();
    const ready: StepDefinition[] = [];
    for (const step of steps) {
      if (this.#records.has(step.id) || busy.has(step.id)) continue;
      let before = 0;
      for (const id of step.after) if (!this.#records.has(id) && !Object.hasOwn(recorded, id)) before++;
      if (before === 0) ready.push(step);
      open.set(step.id, before);
    }
    for (let next = 0; next < ready.length; next++) {
      const step = ready[next];
      if (!step) return;
      yield step;
      if (!this.#records.has(step.id)) continue;
      for (const follower of this.#graph.followers.get(step.id) ?? []) {
        const before = open.get(follower.id);
        if (before === undefined) continue;
        open.set(follower.id, before - 1);
        if (before === 1) ready.push(follower);
      }
    }
  }

  /** The end of a step that is not begun, or cannot be; undefined when it begins, or must wait for room. */
  #consider(step: StepDefinition, running: number): Soon<StepEnd | undefined> {
    return orWhenFailed(
      () => this.#begin(step, running),
      (thrown) => {
        // What is known of its files says where, too.
        if (step.problem !== undefined) return brokenEnd(step);
        const failure = toFailure(thrown);
        return { status: 'failed', code: failure.kind, failure };
      },
    );
  }

  #begin(step: StepDefinition, running: number): Soon<StepEnd | undefined> {
    const skipped = this.#skipped(step);
    if (skipped !== undefined) return skippedEnd(skipped);
    if (step.problem !== undefined || step.kind === 'broken') return brokenEnd(step);
    if (step.kind === 'transform' && !step.forEach) return this.#transform(step);
    if (running >= (this.#definition.policy.concurrency ?? defaultConcurrency)) return undefined;
    const begun = this.#dispatchOf(step);
    return whenThere(this.#cached(step, begun.start), (known) => {
      if (!known) this.#dispatch.push(begun);
      return known;
    });
  }

  /** The result of an earlier run, for a step that may take it. */
  #cached(step: StepDefinition, start: StepStart): Soon<StepEnd | undefined> {
    if (step.cache === undefined || !this.#cache) return undefined;
    const key = cacheKey(this.#definition.name, step, start, this.#valuesFor(step));
    return key === undefined ? undefined : cachedEnd(this.#cache, key, this.#scope.clock.now());
  }

  /** Keeps the results of steps with `cache` for later runs. */
  async #keepResults(): Promise<void> {
    for (const step of this.#definition.steps) {
      const record = this.#records.get(step.id);
      if (step.cache === undefined || step.kind === 'broken' || !this.#cache || record?.end.status !== 'complete')
        continue;
      const key = cacheKey(this.#definition.name, step, this.#startOf(step), this.#valuesFor(step));
      if (key !== undefined && !(await this.#cache.get(key, record.ended_at)))
        await keepEnd(this.#cache, key, record, step.cache);
    }
  }

  /** Why a step is skipped; undefined when it is not. */
  #skipped(step: StepDefinition): SkipReason | undefined {
    if (step.kind === 'webhook' && step.onApproval) return 'notification';
    const reads =
      step.condition === undefined
        ? undefined
        : referencesOf(step.condition, { position: 'condition', ids: this.#graph.ids });
    const blocking = step.after.some((id) => {
      const end = this.#records.get(id)?.end;
      const isBlocking =
        end?.status === 'skipped' ? !passing.has(end.reason) : end?.status === 'failed' && this.#onError(id) === 'skip';
      return isBlocking && !reads?.steps.includes(id);
    });
    if (blocking) return 'dependency_skipped';
    if (step.condition !== undefined && !condition(step.condition, this.#values)) return 'condition_false';
    return step.kind === 'webhook' && this.#start.webhooks === false ? 'suppressed' : undefined;
  }

  #transform(step: Extract<StepDefinition, { kind: 'transform' }>): Soon<StepEnd> {
    return whenThere(
      transform(step.transform, this.#values, () => this.#scope.clock.turn?.()),
      (raw) => judge(raw, rulesOf(step)),
    );
  }

  #dispatchOf(step: WorkingStep): Omit<StepDispatch, 'reservedUsd'> {
    const { id, timeout, retry } = step;
    return {
      step: id,
      start: this.#startOf(step),
      ...(timeout === undefined ? {} : { timeout }),
      // Where it fans out, its items have their attempts themselves.
      ...(retry && !step.forEach ? { retry } : {}),
    };
  }

  #startOf(step: WorkingStep): StepStart {
    const { depth = 0, webhooks = true, within } = this.#start;
    const above = { depth, webhooks, ...(within === undefined ? {} : { within }) };
    if (step.kind === 'transform' || (step.forEach && step.kind === 'webhook'))
      return { kind: 'items', input: { step: step.id } };
    if (step.forEach) return { kind: 'fanOut', input: { step: step.id, values: this.#valuesFor(step), ...above } };
    const scope: StepScope = { definition: this.#definition, values: this.#values, ...above };
    return singleStart(step, scope);
  }

  /** What the items of a step can read: of the outputs, those of the steps before it. */
  #valuesFor({ after }: StepDefinition): WorkflowValues {
    const step = Object.fromEntries(
      after.flatMap((id) => (id in this.#outputs ? [[id, this.#outputs[id] ?? null]] : [])),
    );
    return { ...this.#values, step };
  }

  /** What begins, with its share of the budget. */
  #dispatches(): readonly StepDispatch[] {
    return sharesOf(this.#dispatch, this.#budget, this.#asked);
  }

  get #budget(): number | undefined {
    const limits = [this.#definition.policy.budgetUsd, this.#start.budgetUsd].filter((each) => each !== undefined);
    return limits.length === 0 ? undefined : Math.min(...limits);
  }

  #finish({ id }: StepDefinition, end: StepEnd): StepRecord {
    const at = this.#scope.clock.now();
    const record: StepRecord = { id, started_at: at, ended_at: at, attempts: end.status === 'skipped' ? 0 : 1, end };
    this.#records.set(id, record);
    this.#outputs[id] = outputOf(end);
    this.#finished.push(record);
    this.#scope.progress(asJson(noteOf(id, end)));
    return record;
  }

  /** The first step that failed and may not. */
  #fatal(records: readonly StepRecord[]): StepRecord | undefined {
    return records.find(({ id, end }) => end.status === 'failed' && this.#onError(id) === 'fail');
  }

  #onError(id: string): StepDefinition['onError'] {
    return this.#graph.steps.get(id)?.onError ?? 'fail';
  }

  #ended(end: NonNullable<Decision['end']>): Decision {
    return { finished: this.#finished, dispatch: [], end };
  }
}

const brokenFiles = (problem: string): Failure => ({ kind: 'definition', message: problem, retryable: false });

/** The end of a step whose files are wrong. */
const brokenEnd = ({ id, problem = `The step "${id}" has nothing that can be done.` }: StepDefinition): StepEnd => ({
  status: 'failed',
  code: 'definition',
  failure: brokenFiles(problem),
});

const noteOf = (step: string, end: StepEnd): StepNote => ({
  type: 'step',
  step,
  status: end.status,
  ...(end.status === 'skipped' ? { reason: end.reason } : {}),
  ...(end.status === 'failed' ? { reason: end.failure.message } : {}),
});

type SkipReason = 'condition_false' | 'dependency_skipped' | 'suppressed' | 'notification';
/** Reasons that do not skip the steps after it: what would have been done has no result that they could miss. */
const passing: ReadonlySet<string> = new Set(['suppressed', 'notification'] satisfies SkipReason[]);

const skippedEnd = (reason: SkipReason): StepEnd => ({
  status: 'skipped',
  reason,
  output: reason === 'suppressed' ? { suppressed: true } : { skipped: true, reason },
});
