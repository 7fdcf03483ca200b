/** Turns the result of a call into one JSON value. */
import type { CallToolResult } from '@modelcontextprotocol/client';
import { TroupeError } from '../values/failure.ts';
import type { Json, JsonObject } from '../values/json.ts';
import { propertiesOf } from '../values/properties.ts';
import { afterCall } from '../tools/annotations.ts';
import { isDeepStrictEqual } from 'node:util';
import { toJson } from '../tools/toJson.ts';
import type { ErrorContext } from './errors.ts';
import type { ServerTool } from './keepAlive.ts';
import type { SchemaCheck } from './outputSchema.ts';
import { cutText } from '../values/text.ts';

const maxReason = 4_000;

/**
 * What the model reads of a result: the text, its parts joined by line ends; or the structured content; or both, and other parts such as images, as
 * `{ content: [...], structuredContent }`. Text that only repeats the structured content, as the protocol recommends, is left out.
 * @throws TroupeError `tool` when the server says that the call failed (`data.isError`), when the answer breaks the tool's output schema, or is larger than 1 MB. The last two have `data.done`, because the call was carried out.
 */
export async function callResult(
  context: ErrorContext,
  tool: ServerTool,
  result: CallToolResult,
  checkSchema: SchemaCheck,
): Promise<Json> {
  const broken = (message: string, facts: JsonObject = {}) =>
    new TroupeError('tool', context.mask(message), { data: { server: context.server, tool: tool.name, ...facts } });
  const content = result.content ?? [];
  // The library has parsed it from JSON.
  const structured = (result.structuredContent ?? undefined) as Json | undefined;
  const texts = content.flatMap((part) => (part.type === 'text' && !repeats(part.text, structured) ? [part.text] : []));
  const others = content.filter(({ type }) => type !== 'text');
  if (result.isError) {
    const details = structured === undefined ? [] : [JSON.stringify(structured)];
    const reason = [...texts, ...details].join('\n').trim() || 'it did not say why';
    throw broken(`Tool "${tool.name}" of "${context.server}" failed: ${cutText(reason, maxReason)}`, { isError: true });
  }

  return afterCall(async () => {
    if (tool.output && structured === undefined) {
      throw broken(
        `Tool "${tool.name}" of "${context.server}" promises structured content and sent none. Its server must be mended.`,
      );
    }
    if (tool.output && structured !== undefined) {
      const problem = await checkSchema(tool.output, structured);
      if (problem)
        throw broken(
          `Tool "${tool.name}" of "${context.server}" broke its own output schema: ${problem}. Its server must be mended.`,
        );
    }
    if (others.length === 0 && structured === undefined) return toJson(texts.join('\n'), tool.name);
    if (others.length === 0 && texts.join('').trim() === '') return toJson(structured, tool.name);
    const kept = content.filter((part) => part.type !== 'text' || texts.includes(part.text));
    return toJson({ content: kept, ...(structured === undefined ? {} : { structuredContent: structured }) }, tool.name);
  });
}

/** Is the text the structured content as JSON, or one of its members? */
function repeats(text: string, structured: Json | undefined): boolean {
  if (structured === undefined) return false;
  if (Object.values(propertiesOf(structured)).includes(text)) return true;
  if (!/^\s*[[{"]/.test(text)) return false;
  try {
    return isDeepStrictEqual(JSON.parse(text), structured);
  } catch {
    return false;
  }
}
