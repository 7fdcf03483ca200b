/** Turns the result of a call into one JSON value. */
import type { CallToolResult } from '@modelcontextprotocol/client';
import { TroupeError } from '../values/failure.ts';
import type { Json } from '../values/json.ts';
import { afterCall } from '../tools/annotations.ts';
import { toJson } from '../tools/toJson.ts';
import type { ErrorContext } from './errors.ts';
import type { ServerTool } from './keepAlive.ts';
import type { SchemaCheck } from './outputSchema.ts';
import { cutText } from '../values/text.ts';

const maxReason = 4_000;

/**
 * The structured content when there is any; else the text, its parts joined by line ends. Where there are images, audio or resources, it is
 * `{ content: [...] }` as it came, with the structured content beside it.
 * @throws TroupeError `tool` when the server says that the call failed, when the answer breaks the tool's output schema, or is larger than 1 MB. The last two have `data.done`, because the call was carried out.
 */
export async function callResult(
  context: ErrorContext,
  tool: ServerTool,
  result: CallToolResult,
  checkSchema: SchemaCheck,
): Promise<Json> {
  const broken = (message: string) =>
    new TroupeError('tool', context.mask(message), { data: { server: context.server, tool: tool.name } });
  const content = result.content ?? [];
  const text = content.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  if (result.isError) {
    const reason = text.join('\n').trim() || 'it did not say why';
    throw broken(`Tool "${tool.name}" of "${context.server}" failed: ${cutText(reason, maxReason)}`);
  }

  return afterCall(async () => {
    // The library has parsed it from JSON.
    const structured = result.structuredContent as Json | undefined;
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
    // Images, audio and files are kept beside what is structured.
    if (content.some(({ type }) => type !== 'text'))
      return toJson({ content, ...(structured === undefined ? {} : { structuredContent: structured }) }, tool.name);
    if (structured !== undefined) return toJson(structured, tool.name);
    return toJson(text.join('\n'), tool.name);
  });
}
