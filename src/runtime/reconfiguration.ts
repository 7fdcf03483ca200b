/** What the JSON of `--hardening` changes in an orchestration that runs. */
import type { Reconfiguration } from '../contracts/orchestration.ts';
import { hardeningChanges, hardeningOf } from '../formats/hardening.ts';
import { TroupeError } from '../values/failure.ts';

/** The changes that the JSON of `--hardening` makes: what it names; null lifts a limit. Throws `definition`. */
export function reconfigurationOf(json: unknown): Reconfiguration {
  const { guardrails } = hardeningOf(json);
  if (guardrails.length > 0)
    throw new TroupeError(
      'definition',
      `Guardrails cannot be changed while an orchestration runs; got ${guardrails.map(({ kind }) => kind).join(', ')}. Leave them out, or start another run.`,
    );
  return hardeningChanges(json);
}
