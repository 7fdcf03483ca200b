/** What a tool gives when it gives more than text: `{ content: [ … ] }` with text, images, audio and resources, as MCP has it. */
import * as z from 'zod';
import { bytesInBase64, maxArtifactBytes } from './media.ts';
import { anyJson } from '../values/anyJson.ts';
import { propertiesOf } from '../values/properties.ts';
import type { Json } from '../values/json.ts';

const Block = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.enum(['image', 'audio']), data: z.string(), mimeType: z.string().optional() }),
  z.object({
    type: z.literal('resource'),
    resource: z.union([
      z.object({ uri: z.string().optional(), mimeType: z.string().optional(), blob: z.string() }),
      z.object({ uri: z.string().optional(), mimeType: z.string().optional(), text: z.string() }),
    ]),
  }),
  z.object({
    type: z.literal('resource_link'),
    uri: z.string(),
    name: z.string().optional(),
    description: z.string().optional(),
  }),
]);

/** The result of a tool that gives more than text. */
export const ToolContent = z.object({
  content: z.array(Block).min(1),
  structuredContent: anyJson().optional(),
});
export type ToolContent = z.infer<typeof ToolContent>;

/** The result as parts; undefined when it is any other JSON. */
export function toolContentIn(output: Json): ToolContent | undefined {
  const keys = Object.keys(propertiesOf(output));
  if (!keys.includes('content') || keys.some((key) => !['content', 'structuredContent'].includes(key)))
    return undefined;
  const parsed = ToolContent.safeParse(output);
  return parsed.success ? parsed.data : undefined;
}

/** The characters of base64 in a result, which are no text for a model; and the size of the first artifact that is too large, in bytes. */
export function mediaSizes(output: unknown): { characters: number; tooLarge: number | undefined } {
  const { content } = propertiesOf(output);
  if (!Array.isArray(content)) return { characters: 0, tooLarge: undefined };
  const texts = content.flatMap((block: unknown) => {
    const { type, data, resource } = propertiesOf(block);
    const text =
      type === 'resource' ? propertiesOf(resource).blob : type === 'image' || type === 'audio' ? data : undefined;
    return typeof text === 'string' ? [text] : [];
  });
  return {
    characters: texts.reduce((sum, text) => sum + text.length, 0),
    tooLarge: texts.map(bytesInBase64).find((bytes) => bytes > maxArtifactBytes),
  };
}
