/** Takes the secrets of a task out of what its effects give, throw and show. */
import type { Resolved } from '../../../src/contracts/workflow/values.ts';
import { fromFailure, toFailure } from '../../../src/values/failure.ts';
import type { Json } from '../../../src/values/json.ts';
import { redact, redactFailure } from '../../../src/workflow/expressions/redact.ts';
import { secretTexts } from '../../../src/workflow/expressions/unseal.ts';
import type { AgentStepDeps } from './deps.ts';

/** Takes secrets out of values. */
export interface Redaction {
  /** The same without secrets. A number that is one becomes a text: give it nothing that is counted. */
  clean<T>(value: T): T;
  /** The result of the work, whose failure has no secrets. */
  guard<T>(work: () => Promise<T>): Promise<T>;
}

const nothingToHide: Redaction = { clean: (value) => value, guard: (work) => work() };

/** The redaction for a value with sealed places. */
export function redactionOf(
  resolved: Pick<Resolved<unknown>, 'sealed'>,
  { secrets }: Pick<AgentStepDeps, 'secrets'>,
): Redaction {
  if (resolved.sealed.length === 0) return nothingToHide;
  const texts = secretTexts(resolved, secrets);
  return {
    // What effects give is JSON, and a text stays a text.
    clean: <T>(value: T): T => redact(value as Json, texts) as T,
    async guard(work) {
      try {
        return await work();
      } catch (thrown) {
        // Made anew: the error itself would carry its cause along.
        throw fromFailure(redactFailure(toFailure(thrown), texts));
      }
    },
  };
}
