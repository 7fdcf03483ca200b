/** Work that a request asks for, where a mistake of its own is one of the request. */
import { TroupeError } from '../values/failure.ts';
import { UsageError } from './exit.ts';

/** What is wrong in a file or an input that a request names is the fault of the request: it rejects with `invalid`. */
export async function asRequest<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (thrown) {
    throw thrown instanceof UsageError ? new TroupeError('invalid', thrown.message, { cause: thrown }) : thrown;
  }
}
