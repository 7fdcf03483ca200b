/** The Air-Lock: no output of a step is used by another one before it was judged. */
import type { StepEnd, StepMetrics } from '../../contracts/workflow/step.ts';
import { failureKinds, type FailureKind } from '../../values/failure.ts';
import type { Json, JsonObject } from '../../values/json.ts';
import { evaluateReserved, withoutReservedRequired } from './reserved.ts';
import { violations, violationText } from './violations.ts';

/** What an output is judged by. */
export interface JudgeOptions {
  /** JSON Schemas that the output must all fit, without its reserved outputs. */
  readonly schemas: readonly JsonObject[];
  /** The least confidence, 0 to 1; none by default. */
  readonly threshold?: number;
  /** What the step used; nothing by default. */
  readonly metrics?: StepMetrics;
  /** Whether the output went through a reflection; absent for steps that are no agents. */
  readonly reflected?: boolean;
}

/** The end of a step with this output: reserved outputs first, then the schemas. Throws `definition` for a schema that cannot be used. */
export function judge(raw: Json, { schemas, threshold, metrics, reflected }: JudgeOptions): StepEnd {
  const { output, notes, verdict } = evaluateReserved(raw, threshold === undefined ? {} : { threshold });
  const common = { ...(metrics ? { metrics } : {}), ...(notes ? { notes } : {}) };
  const about = reflected === undefined ? {} : { reflected };
  const failed = (code: string, kind: FailureKind, message: string, data?: Json): StepEnd => ({
    status: 'failed',
    code,
    failure: { kind, message, retryable: failureKinds[kind].retryable, ...(data === undefined ? {} : { data }) },
    ...common,
    raw_output: raw,
    ...about,
  });
  if (verdict.is === 'failed') return failed(verdict.code, verdict.kind, verdict.message);
  if (verdict.is === 'skipped') return { status: 'skipped', reason: verdict.reason, output, ...common };
  const broken = schemas.flatMap((schema) => violations(withoutReservedRequired(schema), output));
  if (broken.length > 0)
    return failed(
      'output_invalid',
      'invalid',
      `The output does not fit its schema: ${violationText(broken)}.`,
      broken.map(({ pointer, message }) => ({ pointer, message })),
    );
  return { status: 'complete', output, ...common, ...about };
}
