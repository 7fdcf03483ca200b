/** Guardrails that say which tools may be called. */
import type { Guardrail } from '../../../actors/guardrailDefinition.ts';
import { parseDefinition } from '../../values/explain.ts';
import { make, type GuardrailOptions } from './make.ts';
import { ToolGuardrailSchema } from './schemas.ts';

/**
 * Which tools may be called. Tools with the effect `write` are rejected by default. A rejected call is not made, and the model gets the reason.
 * Names may end in `*`. @example guardrails.tool({ deny: ['shell'], writes: 'ask' })
 */
export function toolRules(
  options: GuardrailOptions & {
    /** Tools that may be called; all by default. */
    readonly allow?: readonly string[];
    /** Tools that may not be called; none by default. */
    readonly deny?: readonly string[];
    /** What happens to calls of tools with the effect `write`; `deny` by default. `ask`: a person must agree to each. */
    readonly writes?: 'deny' | 'ask' | 'allow';
  } = {},
): Guardrail {
  const { allow, deny = [], writes = 'deny' } = parseDefinition(ToolGuardrailSchema, options, 'guardrails.tool');
  const isIn = (names: readonly string[], name: string) =>
    names.some((each) => (each.endsWith('*') ? name.startsWith(each.slice(0, -1)) : each === name));
  return make('tool', options, {
    checks: {
      tool: ({ name, effect }) => {
        if (isIn(deny, name)) return 'it may not be called here';
        if (allow && !isIn(allow, name)) return `only ${allow.join(', ') || 'nothing'} may be called here`;
        if (effect !== 'write' || writes === 'allow') return true;
        return writes === 'ask' ? { ask: true } : 'it changes the world, which is not allowed here';
      },
    },
  });
}
