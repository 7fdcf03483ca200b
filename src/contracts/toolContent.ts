/** What a tool gives when it gives more than text: `{ content: [ … ] }` with text, images, audio and resources, as MCP has it. */
import * as z from 'zod';
import { bytesInBase64, maxArtifactBytes } from './media.ts';
import { propertiesOf } from '../values/properties.ts';
import { isJsonObject, type Json } from '../values/json.ts';
import { cutText } from '../values/text.ts';

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
export interface ToolContent {
  /** Its parts. What has no form that is known is a text: its JSON. */
  readonly content: readonly z.infer<typeof Block>[];
  /** What it gives as data beside them. */
  readonly structuredContent?: Json;
}

/** The longest JSON of a part whose form is not known, in characters. */
const maxUnknown = 4_000;

/** The result as parts; undefined when it is any other JSON. */
export function toolContentIn(output: Json): ToolContent | undefined {
  if (!isJsonObject(output) || Object.keys(output).some((key) => !['content', 'structuredContent'].includes(key)))
    return undefined;
  const { content, structuredContent } = output;
  if (!Array.isArray(content)) return undefined;
  const parsed = content.map((block: Json) => ({ block, known: Block.safeParse(block).data }));
  if (parsed.every(({ known }) => known === undefined)) return undefined;
  return {
    content: parsed.map(
      ({ block, known }) => known ?? { type: 'text', text: cutText(JSON.stringify(block), maxUnknown) },
    ),
    ...(structuredContent === undefined ? {} : { structuredContent }),
  };
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
