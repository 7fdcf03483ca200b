/** Asks the stream checks of guardrails about one text: of an answer, of reasoning, of the arguments of a call, or of the result of a tool. */
import type { EffectScope } from '../src/contracts/effect.ts';
import type { GuardedStream } from '../src/contracts/guardrail.ts';
import { TroupeError } from '../src/values/failure.ts';
import { guardrailRefusal } from '../machines/guardrail/refusal.ts';
import { askCheckInTime, checkResultOf } from './checkResult.ts';
import type { Guardrail } from './guardrailDefinition.ts';

/** The rejection by the first stream check that rejects; undefined when all let it through. */
export async function streamRejection(
  said: Omit<GuardedStream, 'signal'>,
  guardrails: readonly Guardrail[],
  { clock, signal }: Pick<EffectScope, 'clock' | 'signal'>,
): Promise<TroupeError | undefined> {
  for (const {
    name,
    limit,
    checks: { stream },
  } of guardrails) {
    if (!stream) continue;
    const answer = await askCheckInTime(() => stream({ ...said, signal }), { clock, limit });
    const verdict = 'says' in answer ? checkResultOf(answer.says) : answer.failed;
    if (verdict.ok) continue;
    const { kind, message, data } = guardrailRefusal(name, 'stream', verdict);
    return new TroupeError(kind, message, { data });
  }
  return undefined;
}
