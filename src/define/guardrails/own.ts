/** Guardrails of a user's own. */
import type { Guardrail } from '../../../actors/guardrailDefinition.ts';
import type { Checks } from '../../contracts/guardrail.ts';
import type { Duration } from '../../values/duration.ts';
import { parseDefinition } from '../../values/explain.ts';
import { make, type GuardrailOptions, type HoldBackOptions } from './make.ts';
import { OwnGuardrailSchema } from './schemas.ts';

/**
 * A guardrail of your own. Each check gives `true`, `false` or the reason for a rejection. A check that throws, or does not answer in time, rejects.
 * @example guardrails.guardrail({ name: 'office-hours', pre: async ({ signal }) => (await isOpen(signal)) || 'nobody is in' })
 */
export function guardrail(
  options: GuardrailOptions &
    HoldBackOptions &
    Checks & {
      /** Its name. */
      readonly name: string;
      /** How often `mid` is called again while work is under way, as a duration or in milliseconds; only once, when work begins, by default. */
      readonly every?: Duration;
    },
): Guardrail {
  parseDefinition(OwnGuardrailSchema, options, 'guardrails.guardrail');
  const { pre, mid, post, stream, tool: calls, every, holdBack } = options;
  const checks: Checks = {
    ...(pre ? { pre } : {}),
    ...(mid ? { mid } : {}),
    ...(post ? { post } : {}),
    ...(stream ? { stream } : {}),
    ...(calls ? { tool: calls } : {}),
  };
  return make('own', options, { checks, every, holdBack });
}
