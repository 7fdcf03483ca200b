/** An answer without words and without calls is none: the work of a step cannot go on from it. */
import type { ModelAnswer } from '../../contracts/model.ts';
import { asJson } from '../../values/json.ts';
import { gatewayError } from './codes.ts';

/** The same answer. Throws `format` with the code `internal_error` when it is empty; what it used is in the data of the failure. */
export function requireAnswer(answer: ModelAnswer): ModelAnswer {
  const { text, calls, media, usage, failed, model, reason, rawReason } = answer;
  if (text.trim() !== '' || calls.length > 0 || (media && media.length > 0)) return answer;
  const before = failed?.usage;
  throw gatewayError(
    'internal_error',
    reason === 'refused' ? 'model' : 'format',
    `${model} gave an empty answer (${rawReason ?? reason}).`,
    {
      answers: (failed?.answers ?? 0) + 1,
      usage: asJson({
        ...usage,
        inputTokens: usage.inputTokens + (before?.inputTokens ?? 0),
        outputTokens: usage.outputTokens + (before?.outputTokens ?? 0),
        usd: usage.usd === null || before?.usd === null ? null : usage.usd + (before?.usd ?? 0),
      }),
    },
  );
}
