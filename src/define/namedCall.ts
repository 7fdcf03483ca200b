/** Calls a function of a definition, such as a route: what it throws tells which function it was. */
import { toFailure, TroupeError } from '../values/failure.ts';

/** Gives what the call gives. Throws a TroupeError of it as it is, and `code` for anything else; `what` begins the sentence. */
export function namedCall<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (thrown) {
    if (thrown instanceof TroupeError) throw thrown;
    throw new TroupeError('code', `${what} threw: ${toFailure(thrown).message}`, { cause: thrown });
  }
}
