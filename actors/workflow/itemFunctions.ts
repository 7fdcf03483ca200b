/** The items of a transform or a webhook: functions, performed within one effect. What is done is stored in checkpoints, so that a crash repeats only what was not. */
import type { EffectScope } from '../../src/contracts/effect.ts';
import type { ItemScope } from '../../src/contracts/item.ts';
import type { WorkflowDefinition } from '../../src/contracts/workflow/definition.ts';
import { noMetrics } from '../../src/contracts/workflow/metrics.ts';
import type { StepEnd } from '../../src/contracts/workflow/step.ts';
import type { WorkflowValues } from '../../src/contracts/workflow/values.ts';
import { backoff } from '../../src/values/backoff.ts';
import { sleep } from '../../src/values/clock.ts';
import { toFailure } from '../../src/values/failure.ts';
import { asJson, type Json } from '../../src/values/json.ts';
import { orWhenFailed, whenThere, type Soon } from '../../src/values/soon.ts';
import { judge } from '../../src/workflow/airlock/judge.ts';
import { transform } from '../../src/workflow/transform/transform.ts';
import type { WebhookInput } from '../../machines/workflow/effectTypes.ts';
import { addMetrics } from '../../machines/workflow/stepEnds.ts';
import { mayRepeat } from '../../machines/workflow/updates.ts';
import { effect } from '../effect.ts';
import { poolEffect } from '../pool.ts';
import type { FailedItem } from '../poolPass.ts';
import { fatalFailureIn } from './fatalFailure.ts';
import { itemConcurrency, fanOutStep, gathered, listedItems, valuesOfItem, type FanOutStep } from './items.ts';
import { itemNotesOf } from './itemNotes.ts';
import { webhookInput } from './stepStart.ts';
import { valuesSoFar } from './values.ts';
import type { WebhookScope } from './webhook.ts';

/** Sends a webhook and judges its answer. */
export type SendWebhook = (input: WebhookInput, scope: WebhookScope) => Promise<StepEnd>;

/** The effect `items` of a workflow. */
export function itemsEffect(definition: WorkflowDefinition, send: SendWebhook) {
  return effect<StepEnd, { readonly step: string }>(
    async ({ step: id }, scope) => {
      const step = fanOutStep(definition, id);
      const values = await valuesSoFar(definition, scope);
      const all = listedItems(step, values);
      const notes = await itemNotesOf(step.id, all, scope);
      const pool = poolEffect({
        name: step.id,
        split: () => all,
        map: (item, at) => withRetries(step, at, () => endOfItem(step, values, item, at, scope, send)),
        reduce: (ends, _, failed) => asJson(summed(step, ends, failed)),
        keys: notes.keys,
        effect: step.kind === 'webhook' ? 'write' : 'pure',
        idempotent: step.kind !== 'webhook' || step.webhook.idempotent,
        concurrency: itemConcurrency(step, all.length),
        retries: 0,
        // A failed item is a result: it is counted when all have ended.
        maxFailures: Infinity,
        isFailure: mayBeDoneAgain,
        immutable: true,
      });
      // The pool gives the end of a step, as JSON.
      return (await pool.effect.perform({ task: null, pauses: 0 }, notes.scope)) as unknown as StepEnd;
    },
    { kind: 'read', immutable: true, failureIn: fatalFailureIn(definition) },
  );
}

/** Has an item failed, so that a retry of the run does it again? One that may have happened is not repeated. */
const mayBeDoneAgain = (result: Json): boolean => {
  // It is what `map` gave.
  const end = result as unknown as StepEnd;
  return end.status === 'failed' && end.failure.kind !== 'uncertain';
};

/** The end of one item; an item never throws, unless it is stopped. */
function endOfItem(
  step: FanOutStep,
  values: WorkflowValues,
  item: unknown,
  at: ItemScope,
  { onCall }: Pick<EffectScope, 'onCall'>,
  send: SendWebhook,
): Soon<StepEnd> {
  // The items come from a list of JSON.
  const own = valuesOfItem(step, values, item as Json, at.index);
  const perform = (): Soon<StepEnd> => {
    if (step.kind === 'webhook') return send(webhookInput(step, own), { ...at, ...(onCall ? { onCall } : {}) });
    if (step.kind !== 'transform') throw new Error(`Items of "${step.id}" are no functions.`);
    const { inputs } = step.transform;
    // Without inputs it begins with the item.
    const whole = { ...step.transform, inputs: inputs.length === 0 ? ['item'] : inputs };
    const raw = transform(whole, { ...own, step: { ...own.step, item: own.item ?? null } }, () => at.clock.turn?.());
    return whenThere(raw, (output) => judge(output, { schemas: [] }));
  };
  return orWhenFailed(perform, (thrown) => {
    if (at.signal.aborted) throw thrown;
    const failure = toFailure(thrown);
    return { status: 'failed', code: failure.kind, failure };
  });
}

const longestPause = 10 * 60_000;

/** The attempts of one item, under one key. */
function withRetries(step: FanOutStep, at: ItemScope, attempt: () => Soon<StepEnd>): Soon<StepEnd> {
  return step.retry ? retried(step.retry, at, attempt) : attempt();
}

async function retried(
  { max, backoff: first }: NonNullable<FanOutStep['retry']>,
  at: ItemScope,
  attempt: () => Soon<StepEnd>,
): Promise<StepEnd> {
  for (let attempts = 1; ; attempts++) {
    const end = await attempt();
    if (end.status !== 'failed' || attempts > max || !mayRepeat(end)) return end;
    const wanted = backoff(attempts, { first, longest: longestPause }, at.clock.random());
    const pause = Math.max(wanted, end.failure.retryAfter ?? 0);
    if (at.clock.now() + pause >= (at.deadline ?? Infinity)) return end;
    await sleep(at.clock, pause, at.signal);
  }
}

/** The ends of all items as that of their step. What the pool itself left out has failed: it may have happened, or its time was up. */
function summed(step: FanOutStep, results: readonly Json[], leftOut: readonly FailedItem[]): StepEnd {
  // They are what `map` gave.
  const ends = [...(results as unknown as readonly StepEnd[])];
  for (const { item, failure } of leftOut.toSorted((a, b) => a.item - b.item))
    ends.splice(item, 0, { status: 'failed', code: failure.kind, failure });
  const end = gathered(step, ends);
  return { ...end, metrics: ends.reduce((sum, { metrics }) => addMetrics(sum, metrics), noMetrics) };
}
