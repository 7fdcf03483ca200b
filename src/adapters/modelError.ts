/** Errors of the clients of models, in the kinds that a retry can judge: what a model refuses once, it refuses again. */
import { TroupeError, type FailureKind } from '../values/failure.ts';
import { propertiesOf } from '../values/properties.ts';
import { retryAfterOf } from '../values/retryAfter.ts';

/** Performs a call of a model. What its client throws with a status of HTTP has the kind of that status; anything else is thrown as it is. */
export async function withModelErrors<T>(call: () => PromiseLike<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    throw modelError(thrown) ?? thrown;
  }
}

function modelError(thrown: unknown): TroupeError | undefined {
  if (!(thrown instanceof Error) || thrown instanceof TroupeError) return undefined;
  // Clients call it one or the other.
  const { status, statusCode = status } = thrown as { readonly status?: unknown; readonly statusCode?: unknown };
  if (typeof statusCode !== 'number') return undefined;
  const kind = kindOf(statusCode);
  const retryAfter = kind === 'transient' ? retryAfterOf(headersOf(thrown)) : undefined;
  return new TroupeError(kind, thrown.message, { cause: thrown, data: { status: statusCode }, retryAfter });
}

/** The headers of the answer, which clients call one or the other, as an object or as `Headers`; none where there are none. */
function headersOf(thrown: Error): Readonly<Record<string, string>> {
  const { headers, responseHeaders = headers } = propertiesOf(thrown);
  const entries =
    responseHeaders instanceof Headers ? [...responseHeaders] : Object.entries(propertiesOf(responseHeaders));
  return Object.fromEntries(
    entries.flatMap(([name, value]) => (typeof value === 'string' ? [[name.toLowerCase(), value]] : [])),
  );
}

function kindOf(status: number): FailureKind {
  if (status === 401 || status === 403) return 'auth';
  if (status === 408 || status === 409 || status === 429 || status >= 500) return 'transient';
  return 'invalid';
}
