/** The JSON Schema of what a definition is given, for programs that fill in a form or check before they ask. */
import { jsonSchema, type Protocol } from '../contracts/protocol.ts';
import type { JsonObject } from '../values/json.ts';
import { guardedDefinition } from './anyMember.ts';
import { isRunnable, type Runnable } from './runnable.ts';

/** The schema of the input of a run; undefined where a definition does not say it. */
export function inputSchemaOf(subject: Runnable): JsonObject | undefined {
  switch (subject.kind) {
    case 'guarded': {
      const inner = guardedDefinition(subject);
      return isRunnable(inner) ? inputSchemaOf(inner) : undefined;
    }
    case 'team':
      return bodySchema(subject.protocol, subject.accepts);
    case 'workflow':
      return subject.definition.params;
    case 'flow':
      return subject.options.input && (jsonSchema(subject.options.input) as JsonObject);
    case 'agent': {
      const { protocol, handles } = subject;
      if (!protocol || handles.length === 0) return { type: 'string', minLength: 1 };
      const messages = handles.map((type: string) => messageSchema(protocol, type));
      return messages.length === 1 ? messages[0] : { oneOf: messages };
    }
    case 'orchestrator':
    case 'machine':
      return undefined;
  }
}

const messageSchema = (protocol: Protocol, type: string): JsonObject => ({
  type: 'object',
  properties: { type: { const: type }, body: bodySchema(protocol, type) ?? {} },
  required: ['type', 'body'],
});

/** A schema of JSON is always an object here: bodies are described, not refused. */
const bodySchema = ({ messages }: Protocol, type: string): JsonObject | undefined => {
  const spec = messages[type];
  return spec && (jsonSchema(spec.body) as JsonObject);
};
