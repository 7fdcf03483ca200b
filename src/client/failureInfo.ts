/** A failure as a client sees it. */
import type { FailureInfo } from '../contracts/client/execution.ts';
import { failureOrigin } from '../flow/flowErrors.ts';
import type { Failure } from '../values/failure.ts';
import { propertiesOf } from '../values/properties.ts';

/** With the name and the stack of what was thrown, where they are known, and where it comes from. */
export function failureInfo(failure: Failure): FailureInfo {
  const { error, stack } = propertiesOf(failure.data);
  return {
    message: failure.message,
    kind: failure.kind,
    ...(typeof error === 'string' ? { exception_type: error } : {}),
    ...(typeof stack === 'string' ? { traceback: stack } : {}),
    origin: failureOrigin(failure),
  };
}
