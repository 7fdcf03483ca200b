/** Artifacts: made of bytes, found in the results of tools, and looked up for a model. */
import { createHash } from 'node:crypto';
import type { EffectScope } from '../src/contracts/effect.ts';
import { mediaKindOf, type Artifact, type MediaPart } from '../src/contracts/media.ts';
import { artifactList } from '../src/contracts/parts.ts';
import { mediaTypeOf } from '../src/contracts/mediaType.ts';
import type { Message, ModelRequest } from '../src/contracts/model.ts';
import { toolContentIn } from '../src/contracts/toolContent.ts';
import type { Json } from '../src/values/json.ts';

/** An artifact of bytes in base64. Without a media type it is what its first bytes, or its name, say. */
export function artifactOf(data: string, mediaType: string | undefined, name?: string): Artifact {
  const bytes = Buffer.from(data, 'base64');
  const type = mediaType ?? mediaTypeOf(bytes, name) ?? 'application/octet-stream';
  return {
    type: mediaKindOf(type),
    mediaType: type,
    artifact: createHash('sha256').update(bytes).digest('hex'),
    bytes: bytes.length,
    ...(name === undefined ? {} : { name }),
    // Written anew: providers take no line breaks and no URL-safe letters in it.
    data: bytes.toString('base64'),
  };
}

/** A tool's result as a model is shown it: its text, and its images, audio and files as artifacts. */
export function shownResult(output: Json): { content: string; artifacts?: Artifact[] } {
  const parts = toolContentIn(output);
  if (!parts) return { content: typeof output === 'string' ? output : JSON.stringify(output) };
  const artifacts: Artifact[] = [];
  const words = parts.structuredContent === undefined ? [] : [JSON.stringify(parts.structuredContent)];
  for (const block of parts.content) {
    if (block.type === 'text') words.push(block.text);
    else if (block.type === 'resource_link')
      words.push([block.name, block.description, block.uri].filter(Boolean).join(': '));
    else if (block.type !== 'resource') artifacts.push(artifactOf(block.data, block.mimeType));
    else if ('blob' in block.resource)
      artifacts.push(artifactOf(block.resource.blob, block.resource.mimeType, nameIn(block.resource.uri)));
    else words.push([block.resource.uri, block.resource.text].filter(Boolean).join('\n'));
  }
  return { content: words.join('\n'), ...(artifacts.length === 0 ? {} : { artifacts }) };
}

/** The last part of an address. */
const nameIn = (uri: string | undefined): string | undefined => uri?.split(/[?#]/)[0]?.split('/').at(-1) || undefined;

/** The bytes of the artifacts that messages refer to, whichever actor of the run has them; nothing is read when there are none. */
export async function artifactsFor(
  messages: readonly Message[],
  scope: Pick<EffectScope, 'list' | 'listOf' | 'actor'>,
): Promise<Pick<ModelRequest, 'artifact'>> {
  const parts = messages.flatMap(partsOf);
  if (parts.length === 0) return {};
  const holders = new Set(parts.map(({ at = scope.actor }) => at));
  const lists = await Promise.all(
    [...holders].map(async (holder) =>
      holder === scope.actor ? scope.list(artifactList) : await scope.listOf?.(holder, artifactList),
    ),
  );
  const known = new Map(artifactsIn(lists.flatMap((list) => list ?? [])).map(({ artifact, data }) => [artifact, data]));
  return { artifact: (id) => known.get(id) };
}

/** The entries of lists of artifacts: only such are appended to them. */
const artifactsIn = (entries: readonly unknown[]) => entries as readonly Artifact[];

const partsOf = (message: Message): readonly MediaPart[] =>
  message.role === 'tool' ? message.results.flatMap(({ parts = [] }) => parts) : (message.parts ?? []);

/** Whether a message refers to artifacts. */
export const hasParts = (message: Message): boolean =>
  message.role === 'tool' ? message.results.some(({ parts }) => parts !== undefined) : message.parts !== undefined;
