/** Why a step is skipped, and what its end is then. */
import type { StepDefinition } from '../../../src/contracts/workflow/definition.ts';
import type { StepEnd } from '../../../src/contracts/workflow/step.ts';
import { condition } from '../../../src/workflow/expressions/condition.ts';
import { referencesOf } from '../../../src/workflow/expressions/references.ts';
import { onErrorOf } from './graph.ts';
import type { Known } from './known.ts';

type SkipReason = 'condition_false' | 'dependency_skipped' | 'suppressed' | 'notification';

/** Reasons that do not skip the steps after it: what would have been done has no result that they could miss. */
const passing: ReadonlySet<string> = new Set(['suppressed', 'notification'] satisfies SkipReason[]);

/** The end of a step that is skipped; undefined when it is not. Throws what its condition throws. */
export function skippedEnd(step: StepDefinition, known: Known): StepEnd | undefined {
  const reason = skipReason(step, known);
  if (reason === undefined) return undefined;
  return {
    status: 'skipped',
    reason,
    output: reason === 'suppressed' ? { suppressed: true } : { skipped: true, reason },
  };
}

function skipReason(step: StepDefinition, { graph, records, values, start }: Known): SkipReason | undefined {
  if (step.kind === 'webhook' && step.onApproval) return 'notification';
  const reads =
    step.condition === undefined ? undefined : referencesOf(step.condition, { position: 'condition', ids: graph.ids });
  const isBlocked = step.after.some((id) => {
    const end = records.get(id)?.end;
    const isBlocking =
      end?.status === 'skipped'
        ? !passing.has(end.reason)
        : end?.status === 'failed' && onErrorOf(graph, id) === 'skip';
    return isBlocking && !reads?.steps.includes(id);
  });
  if (isBlocked) return 'dependency_skipped';
  if (step.condition !== undefined && !condition(step.condition, values)) return 'condition_false';
  return step.kind === 'webhook' && start.webhooks === false ? 'suppressed' : undefined;
}
