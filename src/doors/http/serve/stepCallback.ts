/** What a runtime tells the orchestrator of a step. Every payload has all fields of the contract, whatever came of the step. */
import { noMetrics } from '../../../contracts/workflow/metrics.ts';
import type { StepEnd, StepMetrics } from '../../../contracts/workflow/step.ts';
import type { Failure } from '../../../values/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../values/json.ts';
import type { InvokeRequest } from '../contracts/runtimeRequest.ts';
import type { CallbackPayload } from '../contracts/stepMessages.ts';

/** What came of a request, beside the fields that every payload has. */
export type CallbackResult = Partial<CallbackPayload> & Pick<CallbackPayload, 'status'>;

/** The payload of a request. */
export const callbackOf = ({ run_id, step_id, is_resume }: InvokeRequest, result: CallbackResult): CallbackPayload => ({
  run_id,
  step_id,
  output: null,
  error: '',
  metrics: callbackMetrics(noMetrics),
  messages: [],
  ...(is_resume ? { is_resume } : {}),
  ...result,
});

/** A step that has failed: `code` is a word for programs. */
export const failedResult = (code: string, { kind, message, retryable }: Failure): CallbackResult => ({
  status: 'failed',
  error: message,
  error_code: code,
  error_kind: kind,
  retryable,
});

/** How a step has ended. */
export function endedResult(end: StepEnd): CallbackResult {
  if (end.status === 'failed') {
    const raw = end.raw_output === undefined ? {} : { raw_output: textOf(end.raw_output) };
    return { ...failedResult(end.code, end.failure), ...raw };
  }
  return { status: 'ok', output: withNotes(end), ...('reflected' in end ? { reflected: end.reflected } : {}) };
}

/** The runtime ends while it works on a step. */
export const stoppedResult: CallbackResult = failedResult('runtime_stopped', {
  kind: 'transient',
  message: 'The runtime was stopped while it worked on the step.',
  retryable: true,
});

/** What was used, in the form of the contract. */
export const callbackMetrics = ({ model_resolved = '', ...metrics }: StepMetrics): CallbackPayload['metrics'] => ({
  ...metrics,
  model_resolved,
});

/** The output with what its reserved fields said, so that the orchestrator can judge it. */
function withNotes(end: Exclude<StepEnd, { status: 'failed' }>): { [name: string]: never } {
  const { output, notes = {} } = end;
  const reserved: JsonObject = {
    ...(notes.confidence === undefined ? {} : { ktsu_confidence: notes.confidence }),
    ...(notes.flags === undefined ? {} : { ktsu_flags: notes.flags }),
    ...(notes.rationale === undefined ? {} : { ktsu_rationale: notes.rationale }),
    ...(end.status === 'skipped' ? { ktsu_skip_reason: notes.skip_reason ?? end.reason } : {}),
  };
  // JSON; zod's own type for it can be written to.
  return { ...(isJsonObject(output) ? output : { result: output }), ...reserved } as { [name: string]: never };
}

const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));
