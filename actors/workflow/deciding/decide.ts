/**
 * Decides what follows from the steps of a workflow that have ended: what is skipped, what a transform makes of their outputs, what begins, and how it all ends.
 * It is pure: from the same records it decides the same. Only times are those of the clock.
 */
import type { EffectScope } from '../../../src/contracts/effect.ts';
import type { StepDefinition, WorkflowDefinition } from '../../../src/contracts/workflow/definition.ts';
import type { StepEnd, StepRecord } from '../../../src/contracts/workflow/step.ts';
import type { StepCache } from '../../../src/contracts/workflow/stepCache.ts';
import type { StepNote } from '../../../src/contracts/workflow/stepNote.ts';
import { toFailure, type Failure } from '../../../src/values/failure.ts';
import { asJson } from '../../../src/values/json.ts';
import { orWhenFailed, whenThere, type Soon } from '../../../src/values/soon.ts';
import { judge } from '../../../src/workflow/airlock/judge.ts';
import { transform } from '../../../src/workflow/transform/transform.ts';
import { lateFailure } from '../../../machines/workflow/actions.ts';
import type { DecideInput, Decision, StepDispatch } from '../../../machines/workflow/effectTypes.ts';
import { effect } from '../../effect.ts';
import { foldOf } from '../../lists.ts';
import { budgetFailure, sharesOf } from '../budget.ts';
import { failedEndOf, failedWorkflow, endOf } from '../result.ts';
import { rulesOf, type AsStep } from '../rules.ts';
import { recordsFold, startOf } from '../values.ts';
import { cached, keepResults } from './cache.ts';
import { dispatchOf } from './dispatch.ts';
import { fatalOf, graphOf, readySteps } from './graph.ts';
import { Known } from './known.ts';
import { skippedEnd } from './skips.ts';

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
      return await new Deciding(new Known(graph, start, byStep), asStep, asked, scope, cache).decide();
    },
    { kind: 'pure', eager: true, immutable: true },
  );
}

/** One decision. */
class Deciding {
  readonly #known: Known;
  readonly #definition: WorkflowDefinition;
  readonly #asStep: AsStep;
  readonly #asked: DecideInput;
  readonly #scope: EffectScope;
  readonly #cache: StepCache | undefined;
  readonly #finished: StepRecord[] = [];
  readonly #dispatch: Omit<StepDispatch, 'reservedUsd'>[] = [];

  constructor(known: Known, asStep: AsStep, asked: DecideInput, scope: EffectScope, cache: StepCache | undefined) {
    this.#known = known;
    this.#definition = known.graph.definition;
    this.#asStep = asStep;
    this.#asked = asked;
    this.#scope = scope;
    this.#cache = cache;
  }

  async decide(): Promise<Decision> {
    const { graph, records, values } = this.#known;
    const early = this.#earlyEnd();
    if (early) return this.#ended(early);
    if (this.#cache) await keepResults(this.#cache, this.#known);
    const busy = new Set(this.#asked.busy);
    for (const step of readySteps(graph, records, busy)) {
      const turn = this.#scope.clock.turn?.();
      if (turn) await turn;
      if (this.#finished.length >= mostAtOnce)
        return { finished: this.#finished, dispatch: this.#dispatches(), more: true };
      const considered = this.#consider(step, busy.size + this.#dispatch.length);
      const end = considered instanceof Promise ? await considered : considered;
      if (!end) continue;
      const record = this.#finish(step, end);
      if (fatalOf(graph, [record])) return this.#ended(failedEndOf(record));
    }
    if (this.#known.isComplete) return this.#ended(endOf(this.#definition, this.#asStep, values, records));
    return { finished: this.#finished, dispatch: this.#dispatches() };
  }

  /** How it ends whatever its steps could still do; undefined when it goes on. */
  #earlyEnd(): Decision['end'] {
    const { problem } = this.#definition;
    if (problem !== undefined) return failedWorkflow('definition', brokenFiles(problem));
    // What ends because the time is up is no success, whatever its step tolerates: the timer may fire a little later.
    const { clock, deadline = Infinity } = this.#scope;
    if (clock.now() >= deadline) return failedWorkflow('run_timeout', lateFailure);
    const fatal = fatalOf(this.#known.graph, this.#known.records.values());
    return fatal ? failedEndOf(fatal) : budgetFailure(this.#budget, this.#asked);
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
    const skipped = skippedEnd(step, this.#known);
    if (skipped) return skipped;
    if (step.problem !== undefined || step.kind === 'broken') return brokenEnd(step);
    if (step.kind === 'transform' && !step.forEach) return this.#transform(step);
    if (running >= (this.#definition.policy.concurrency ?? defaultConcurrency)) return undefined;
    const begun = dispatchOf(step, this.#known);
    return whenThere(cached(this.#cache, step, begun.start, this.#known, this.#scope.clock.now()), (known) => {
      if (!known) this.#dispatch.push(begun);
      return known;
    });
  }

  #transform(step: Extract<StepDefinition, { kind: 'transform' }>): Soon<StepEnd> {
    return whenThere(
      transform(step.transform, this.#known.values, () => this.#scope.clock.turn?.()),
      (raw) => judge(raw, rulesOf(step)),
    );
  }

  /** What begins, with its share of the budget. */
  #dispatches(): readonly StepDispatch[] {
    return sharesOf(this.#dispatch, this.#budget, this.#asked);
  }

  get #budget(): number | undefined {
    const limits = [this.#definition.policy.budgetUsd, this.#known.start.budgetUsd].filter(
      (each) => each !== undefined,
    );
    return limits.length === 0 ? undefined : Math.min(...limits);
  }

  #finish({ id }: StepDefinition, end: StepEnd): StepRecord {
    const at = this.#scope.clock.now();
    const record: StepRecord = { id, started_at: at, ended_at: at, attempts: end.status === 'skipped' ? 0 : 1, end };
    this.#known.add(record);
    this.#finished.push(record);
    this.#scope.progress(asJson(noteOf(id, end)));
    return record;
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
