/** The parts of what a run is given: files are read, checked and made into artifacts before the run begins. */
import { basename } from 'node:path';
import * as z from 'zod';
import { artifactOf } from '../../actors/artifact.ts';
import { bytesInBase64, maxArtifactBytes, MediaKind, type Artifact, type MediaPart } from '../contracts/media.ts';
import { distinctParts, partOfArtifact } from '../contracts/parts.ts';
import { mediaTypeOf } from '../contracts/mediaType.ts';
import { jsonSchema } from '../contracts/protocol.ts';
import { guardedDefinition, type AnyGuarded, type AnyTeam } from '../define/anyMember.ts';
import type { Runnable } from '../define/runnable.ts';
import { errorMessage } from '../values/cause.ts';
import { describeMismatch } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';
import { propertiesOf } from '../values/properties.ts';

const fs = process.getBuiltinModule('node:fs');

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

/** An input in which parts are references, and the artifacts that were made of them. */
export interface ReadInput {
  /** The input without its parts: a text, a message, or tasks, which keep theirs as references. */
  readonly input: unknown;
  /** The parts beside a text or a message, as references. */
  readonly parts: readonly MediaPart[];
  /** All that was read, each once. */
  readonly artifacts: readonly Artifact[];
}

/**
 * Reads the files of `{ parts }`, of `{ type, body, parts }`, and of the tasks of an orchestrator; any other input has no parts. `holder` is the address of
 * the actor that will have the artifacts. Throws `invalid` and names the part that cannot be used, `unsupported` for a definition that takes none.
 */
export async function readParts(subject: Runnable, input: unknown, holder: string): Promise<ReadInput> {
  const place = placeOfParts(subject, input);
  if (place === undefined) return { input, parts: [], artifacts: [] };
  const reader = partReader(holder);
  if (place === 'tasks')
    return { input: await tasksWithParts(input, reader), parts: [], artifacts: reader.artifacts() };
  const { parts: given, ...message } = propertiesOf(input);
  const { texts, parts } = await reader.read(given);
  return { input: messageOf(subject, message, texts), parts, artifacts: reader.artifacts() };
}

/** A request of another computer: a path would be one of this computer. Throws `invalid` for an input with one. */
export function requireNoPaths(subject: Runnable, input: unknown): void {
  if (hasPaths(subject, input))
    throw new TroupeError(
      'invalid',
      'A part of a request has its bytes in `data`, in base64; a path would be one of the node. Read the file first.',
    );
}

/** Does the input name files by their paths? */
export const hasPaths = (subject: Runnable, input: unknown): boolean =>
  partsOf(subject, input).some((part) => 'path' in propertiesOf(part));

/** Has the input images, audio or files that are not read yet? */
export const hasUnreadParts = (subject: Runnable, input: unknown): boolean =>
  partsOf(subject, input).some((part) => 'path' in propertiesOf(part) || 'data' in propertiesOf(part));

/** All parts of an input, also those of tasks. */
function partsOf(subject: Runnable, input: unknown): readonly unknown[] {
  if (placeOfParts(subject, input) === undefined) return [];
  const { parts, tasks } = propertiesOf(input);
  return [parts, ...(Array.isArray(tasks) ? tasks.map((task: unknown) => propertiesOf(task).parts) : [])].flat();
}

/** Where an input has parts: beside a message, or beside tasks; undefined when a property of that name belongs to the input itself. */
function placeOfParts(subject: Runnable, input: unknown): 'message' | 'tasks' | undefined {
  const given = propertiesOf(input);
  const message = unguarded(subject);
  if (message.kind === 'orchestrator') {
    const { tasks = [] } = given;
    const all = [given, ...(Array.isArray(tasks) ? tasks.map(propertiesOf) : [])];
    return all.some(({ parts }) => parts !== undefined) ? 'tasks' : undefined;
  }
  // The parameters of a workflow have the names that it gave them.
  if (message.kind === 'workflow' || !Array.isArray(given.parts)) return undefined;
  const others = Object.keys(given).filter((key) => !['parts', 'type', 'body'].includes(key));
  if (message.kind === 'machine') {
    if (others.length === 0 && hasMedia(given.parts))
      throw new TroupeError(
        'unsupported',
        `"${message.name}" is a machine and takes no parts: its input is what its chart says. Give parts to an agent, a team or an orchestrator.`,
      );
    return undefined;
  }
  if (message.kind === 'team') {
    const { type, properties } = bodySchema(message);
    // The body of the team's message has a property of that name.
    if (Object.hasOwn(propertiesOf(properties), 'parts')) return undefined;
    if (others.length > 0 && hasMedia(given.parts) && (type === 'string' || properties !== undefined))
      throw new TroupeError(
        'invalid',
        `The team "${message.name}" takes parts as ${type === 'string' ? '{ parts }' : '{ body, parts }'}; got ${others.join(', ')} beside them.`,
      );
  }
  return others.length === 0 ? 'message' : undefined;
}

const unguarded = (subject: Runnable): Exclude<Runnable, AnyGuarded> =>
  subject.kind === 'guarded' ? unguarded(guardedDefinition(subject)) : subject;

const bodySchema = ({ protocol, accepts }: AnyTeam) => {
  const spec = protocol.messages[accepts];
  return propertiesOf(spec && jsonSchema(spec.body));
};

/** Are all of them parts, and is one of them more than a text? */
const hasMedia = (parts: readonly unknown[]): boolean =>
  Parts.safeParse(parts).success && parts.some((part) => propertiesOf(part).type !== 'text');

/** What is left of an input beside its parts. */
function messageOf(subject: Runnable, message: Readonly<Record<string, unknown>>, texts: readonly string[]): unknown {
  const definition = unguarded(subject);
  if (definition.kind === 'agent' && 'type' in message) return requireNoTexts(definition.name, texts, message);
  if ('body' in message) return requireNoTexts(definition.name, texts, message.body);
  if (definition.kind === 'team' && !definition.protocol.messages[definition.accepts]?.body.safeParse('text').success)
    throw new TroupeError(
      'invalid',
      `The team "${definition.name}" takes "${definition.accepts}", which is no text. Give it with the parts: { body, parts }.`,
    );
  return textOf(texts);
}

const textOf = (texts: readonly string[]): string => texts.join('\n\n').trim() || 'See what is attached.';

function requireNoTexts<T>(name: string, texts: readonly string[], message: T): T {
  if (texts.length === 0) return message;
  throw new TroupeError(
    'invalid',
    `"${name}" is given a message and texts among its parts. Put the texts into the message.`,
  );
}

/** Tasks with references as their parts. Parts beside all tasks are given to each of them. */
async function tasksWithParts(input: unknown, reader: PartReader): Promise<unknown> {
  const { parts: given, ...batch } = propertiesOf(input);
  if (!Array.isArray(batch.tasks)) return taskWithParts(input, reader);
  const shared = given === undefined ? [] : (await reader.read(given)).parts;
  const tasks: unknown[] = [];
  for (const task of batch.tasks as readonly unknown[])
    tasks.push(await taskWithParts(typeof task === 'string' ? { input: task } : task, reader, shared));
  return { ...batch, tasks };
}

async function taskWithParts(task: unknown, reader: PartReader, shared: readonly MediaPart[] = []): Promise<unknown> {
  const { parts: given, ...rest } = propertiesOf(task);
  if (given === undefined && shared.length === 0) return task;
  const { texts, parts } = given === undefined ? { texts: [], parts: [] } : await reader.read(given);
  const all = distinctParts(shared, parts);
  const { input } = rest;
  if (input === undefined) return { ...rest, input: textOf(texts), parts: all };
  if (typeof input === 'string') return { ...rest, input: [input, ...texts].join('\n\n'), parts: all };
  return { ...requireNoTexts('The task', texts, rest), parts: all };
}

interface PartReader {
  /** Reads parts, one after the other, up to the limit of all together. */
  read(given: unknown): Promise<{ texts: readonly string[]; parts: readonly MediaPart[] }>;
  artifacts(): readonly Artifact[];
}

function partReader(at: string): PartReader {
  const artifacts = new Map<string, Artifact>();
  let [total, count] = [0, 0];
  return {
    async read(given) {
      const parsed = Parts.safeParse(given);
      if (!parsed.success)
        throw new TroupeError(
          'invalid',
          `The parts of an input are { type: 'text', text }, and { type: 'image' | 'audio' | 'file', path } or { …, data }: ${describeMismatch(parsed.error, given)}.`,
        );
      count += parsed.data.length;
      if (count > maxParts)
        throw new TroupeError('invalid', `All tasks together have more than ${maxParts} parts. Give fewer.`);
      const parts: MediaPart[] = [];
      for (const part of parsed.data) {
        if ('text' in part) continue;
        const artifact = await artifactFrom(part);
        if (!artifacts.has(artifact.artifact)) total += artifact.bytes;
        if (total > maxBytes) throw tooLarge('All parts together have', total, maxBytes);
        artifacts.set(artifact.artifact, artifact);
        parts.push({ ...partOfArtifact(artifact), at });
      }
      return { texts: parsed.data.flatMap((part) => ('text' in part ? [part.text] : [])), parts };
    },
    artifacts: () => [...artifacts.values()],
  };
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
    const { size } = await fs.promises.stat(path);
    if (size > maxArtifactBytes) throw tooLarge(`"${path}" has`, size, maxArtifactBytes);
    return await fs.promises.readFile(path);
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
