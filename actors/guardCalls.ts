/** What guardrails check of a model's turn beside its stream: what was said to the agent before it, and the calls of tools that it wants to make. */
import type { EffectScope } from '../src/contracts/effect.ts';
import { fromFailure } from '../src/values/failure.ts';
import { propertiesOf } from '../src/values/properties.ts';
import { guardrailRefusal } from '../machines/guardrail/refusal.ts';
import { defaultAgentLimits } from '../machines/agent/settings.ts';
import type { ParsedCall } from '../machines/agent/effectTypes.ts';
import { askCheckInTime, checkResultOf } from './checkResult.ts';
import type { Guardrail } from './guardrailDefinition.ts';

/** Throws the rejection when a guardrail rejects what was said to the agent. */
export async function requireAllowed(text: string, judges: readonly Guardrail[], { clock, signal }: EffectScope) {
  for (const {
    name,
    checks: { pre },
    limit,
  } of judges) {
    if (!pre) continue;
    const work = { type: 'agent.input', body: text, text, parts: [], to: undefined, attempt: 1, facts: {}, signal };
    const answer = await askCheckInTime(() => pre(work), { clock, limit });
    const verdict = 'says' in answer ? checkResultOf(answer.says) : answer.failed;
    if (!verdict.ok) throw fromFailure(guardrailRefusal(name, 'pre', verdict));
  }
}

/** The call as it will be made, or refused to the model with the reason. */
export async function checkCall(
  call: ParsedCall,
  guardrails: readonly Guardrail[],
  scope: EffectScope,
): Promise<ParsedCall> {
  let allowedCall = call;
  for (const { name: guardrail, checks, limit } of guardrails) {
    const { tool } = checks;
    if (!tool || (call.how !== 'run' && call.how !== 'guarded')) continue;
    const { name, input, effect: kind } = call;
    const answer = await askCheckInTime(() => tool({ name, input, effect: kind, signal: scope.signal }), {
      clock: scope.clock,
      limit,
    });
    if ('says' in answer && isAsk(answer.says)) {
      allowedCall = { ...call, how: 'guarded', ask: true, patience: patienceOf(call) };
      continue;
    }
    const verdict = 'says' in answer ? checkResultOf(answer.says) : answer.failed;
    if (verdict.ok) continue;
    const { id, hash } = call;
    return {
      id,
      name,
      input,
      hash,
      how: 'refused',
      why: `Not made: the guardrail "${guardrail}" refused it: ${verdict.reason}.`,
    };
  }
  return allowedCall;
}

const isAsk = (says: unknown): boolean => propertiesOf(says).ask === true;
const patienceOf = (call: ParsedCall): number =>
  call.how === 'guarded' ? call.patience : defaultAgentLimits.approvalDeadline;
