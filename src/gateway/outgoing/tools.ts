/** The tools of a request under names and schemas that every provider takes, and the way back for a call of one of them. */
import type { LanguageModelV3FunctionTool } from '@ai-sdk/provider';
import type { ToolSpec } from '../../contracts/model.ts';
import { portableName } from '../../contracts/portableName.ts';
import { portableSchema } from '../../contracts/toolSchema/portableSchema.ts';
import { wellFormedText } from '../../values/text.ts';
import type { Json } from '../../values/json.ts';
import { geminiSchema } from './geminiSchema.ts';
import type { Target } from './target.ts';

/** The tools of one request. */
export interface OutgoingTools {
  /** As the provider is given them. */
  readonly tools: readonly LanguageModelV3FunctionTool[];
  /** The own name of a tool that a model called; a name that was not offered stays as it is. */
  ownName(name: string): string;
  /** The arguments of a call under the names that the tool's own schema has. */
  ownInput(name: string, input: Json): Json;
}

export function outgoingTools(specs: readonly ToolSpec[], { schemas }: Target): OutgoingTools {
  const byName = new Map<string, ToolSpec>();
  for (const spec of specs) {
    const name = portableName(spec.name);
    if (!byName.has(name)) byName.set(name, spec);
  }
  const options = { inline: schemas === 'gemini' };
  return {
    tools: [...byName].map(([name, { description, input }]) => {
      const { schema } = portableSchema(input, options);
      return {
        type: 'function',
        name,
        description: wellFormedText(description),
        // The SDK's type is of an older draft; what a portable schema uses means the same in both.
        inputSchema: (schemas === 'gemini' ? geminiSchema(schema) : schema) as never,
      };
    }),
    ownName: (name) => byName.get(name)?.name ?? name,
    ownInput(name, input) {
      const spec = byName.get(name);
      return spec ? portableSchema(spec.input, options).restore(input) : input;
    },
  };
}
