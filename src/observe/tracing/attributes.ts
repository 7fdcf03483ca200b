/** What spans are called and say, in the words of OpenTelemetry's conventions for generative AI. What models and tools were told and said is never among it. */
import type { Attributes } from '@opentelemetry/api';
import { AgentUsage } from '../../contracts/agent.ts';
import type { Json } from '../../values/json.ts';
import { propertiesOf } from '../../values/properties.ts';

/** The kinds of work that the conventions have a name for, by the machine of the actor. */
const operations: Readonly<Record<string, string>> = {
  agent: 'invoke_agent',
  workflow: 'invoke_workflow',
  flow: 'invoke_workflow',
};

/** The name of the span of an actor. */
export const actorSpanName = (machine: string, name: string): string => `${operations[machine] ?? machine} ${name}`;

/** What is known of an actor as soon as it works. */
export function actorAttributes(machine: string, name: string): Attributes {
  const operation = operations[machine];
  return {
    'troupe.machine': machine,
    ...(operation === undefined ? {} : { 'gen_ai.operation.name': operation }),
    ...(machine === 'agent' ? { 'gen_ai.agent.name': name } : {}),
  };
}

/** What an agent has used by its end. */
export function usageAttributes(context: Json): Attributes {
  const used = AgentUsage.safeParse(propertiesOf(context)['used']).data;
  return used ? tokenAttributes(used) : {};
}

const tokenAttributes = (used: { readonly inputTokens: number; readonly outputTokens: number }): Attributes => ({
  'gen_ai.usage.input_tokens': used.inputTokens,
  'gen_ai.usage.output_tokens': used.outputTokens,
});

/** What a note says of the effect that it comes from. */
export interface NoteFacts {
  readonly name: string;
  readonly attributes: Attributes;
}

/** What the note of an effect adds to its span; undefined when it says nothing for it. */
export function factsOfNote(note: Json): NoteFacts | undefined {
  const { type, model, usage, reason, tool, id } = propertiesOf(note);
  if (type === 'tool.called' && typeof tool === 'string')
    return {
      name: `execute_tool ${tool}`,
      attributes: {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': tool,
        ...(typeof id === 'string' ? { 'gen_ai.tool.call.id': id } : {}),
      },
    };
  if (type !== 'finish' || typeof model !== 'string') return undefined;
  const [provider = model, ...rest] = model.split(':');
  const name = rest.length === 0 ? model : rest.join(':');
  const { inputTokens, outputTokens } = propertiesOf(usage);
  return {
    name: `chat ${name}`,
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': provider,
      'gen_ai.response.model': name,
      ...(typeof reason === 'string' ? { 'gen_ai.response.finish_reasons': [reason] } : {}),
      ...(typeof inputTokens === 'number' && typeof outputTokens === 'number'
        ? tokenAttributes({ inputTokens, outputTokens })
        : {}),
    },
  };
}
