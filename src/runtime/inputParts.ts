/** The parts of what an agent is given: files are read, checked and made into artifacts before the run begins. */
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import * as z from 'zod';
import { artifactOf } from '../../actors/artifact.ts';
import { bytesInBase64, maxArtifactBytes, MediaKind, type Artifact } from '../contracts/media.ts';
import { mediaTypeOf } from '../contracts/mediaType.ts';
import { errorMessage } from '../values/cause.ts';
import { describeMismatch } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';

/** The most parts, and the most bytes of all together. */
const maxParts = 50;
const maxBytes = 50 * 1024 * 1024;

const named = {
  mediaType: z
    .string()
    .regex(/^[\w.+-]+\/[\w.+-]+$/)
    .optional(),
  name: z.string().min(1).optional(),
};
const Part = z.union([
  z.strictObject({ type: z.literal('text'), text: z.string() }),
  z.strictObject({ type: MediaKind, path: z.string().min(1), ...named }),
  z.strictObject({ type: MediaKind, data: z.union([z.instanceof(Uint8Array), z.base64()]), ...named }),
]);
type FilePart = Exclude<z.infer<typeof Part>, { type: 'text' }>;
const Parts = z.array(Part).min(1).max(maxParts);

/** An input without its files, and the artifacts that were made of them. */
export interface ReadInput {
  /** What is left of the input: a text, or a message. */
  readonly input: unknown;
  readonly artifacts: readonly Artifact[];
}

/** Reads `{ parts }`, and `{ type, body, parts }`; any other input has no parts. Throws `invalid` and names the part that cannot be used. */
export async function readParts(input: unknown): Promise<ReadInput> {
  if (typeof input !== 'object' || input === null || !('parts' in input)) return { input, artifacts: [] };
  const { parts: given, ...message } = input;
  const known = ['type', 'body'];
  // A message of a protocol, or the input of a machine, may have a property of that name.
  if (!Array.isArray(given) || Object.keys(message).some((key) => !known.includes(key)))
    return { input, artifacts: [] };
  const parsed = Parts.safeParse(given);
  if (!parsed.success)
    throw new TroupeError(
      'invalid',
      `The parts of an input are { type: 'text', text }, and { type: 'image' | 'audio' | 'file', path } or { …, data }: ${describeMismatch(parsed.error, given)}.`,
    );
  const texts = parsed.data.flatMap((part) => ('text' in part ? [part.text] : []));
  const artifacts: Artifact[] = [];
  let total = 0;
  for (const part of parsed.data) {
    if ('text' in part) continue;
    const artifact = await artifactFrom(part);
    total += artifact.bytes;
    artifacts.push(artifact);
  }
  if (total > maxBytes) throw tooLarge('All parts together have', total, maxBytes);
  if ('type' in message) return { input: message, artifacts };
  return { input: texts.join('\n\n').trim() || 'See what is attached.', artifacts };
}

async function artifactFrom(part: FilePart): Promise<Artifact> {
  const data = 'path' in part ? await fileIn(part.path) : part.data;
  const name = part.name ?? ('path' in part ? basename(part.path) : undefined);
  const what = name === undefined ? `A part of type "${part.type}"` : `"${name}"`;
  const size = typeof data === 'string' ? bytesInBase64(data) : data.length;
  if (size > maxArtifactBytes) throw tooLarge(`${what} has`, size, maxArtifactBytes);
  const bytes = typeof data === 'string' ? Buffer.from(data, 'base64') : Buffer.from(data);
  if (bytes.length === 0) throw new TroupeError('invalid', `${what} is empty.`);
  const mediaType = part.mediaType ?? mediaTypeOf(bytes, name);
  if (mediaType === undefined)
    throw new TroupeError(
      'invalid',
      `The media type of ${what} is not known from its bytes or its name. Give it: mediaType: 'image/png'.`,
    );
  const artifact = artifactOf(bytes.toString('base64'), mediaType, name);
  if (part.type !== 'file' && artifact.type !== part.type)
    throw new TroupeError(
      'invalid',
      `${what} is given as ${part.type}, and is ${mediaType}. Correct its type or its mediaType.`,
    );
  return artifact;
}

async function fileIn(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > maxArtifactBytes) throw tooLarge(`"${path}" has`, size, maxArtifactBytes);
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof TroupeError) throw cause;
    throw new TroupeError('invalid', `The file "${path}" cannot be read: ${errorMessage(cause)}.`, { cause });
  }
}

const megabytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1);
const tooLarge = (what: string, bytes: number, limit: number): TroupeError =>
  new TroupeError(
    'invalid',
    `${what} ${megabytes(bytes)} MB; at most ${megabytes(limit)} MB are taken. Make it smaller.`,
  );
