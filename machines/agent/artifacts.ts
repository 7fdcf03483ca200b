/** Images, audio and files of a task: each is in one list of one actor of the run, and messages refer to it by its id. */
import { eventContextOf } from '../../src/contracts/eventContext.ts';
import type { Artifact, MediaPart } from '../../src/contracts/media.ts';
import { distinctParts, partOfArtifact } from '../../src/contracts/parts.ts';
import type { Json } from '../../src/values/json.ts';

/** The artifacts of a task, by reference. */
export interface TaskMedia {
  /** Those that came with it. */
  readonly given?: readonly MediaPart[];
  /** Those that its tools, its delegates and its model made so far, each once. */
  readonly made?: readonly MediaPart[];
}

/** What is kept of artifacts that were made now: references that any actor of the run can read. */
export function mediaWith(
  media: TaskMedia | undefined,
  event: object,
  { artifacts = [], parts = [] }: { artifacts?: readonly Artifact[]; parts?: readonly MediaPart[] },
): { media?: TaskMedia } {
  if (artifacts.length === 0 && parts.length === 0) return {};
  const { actor } = eventContextOf(event);
  const own = artifacts.map((artifact) => ({
    ...partOfArtifact(artifact),
    ...(actor === undefined ? {} : { at: actor }),
  }));
  return { media: { ...media, made: distinctParts(media?.made, own, parts) } };
}

/** What a delegate is given with its message: what came with the task, and what was made and the message names by its id. */
export function partsToHandOn(media: TaskMedia | undefined, body: Json): MediaPart[] {
  const { given, made = [] } = media ?? {};
  if (given === undefined && made.length === 0) return [];
  const text = JSON.stringify(body);
  return distinctParts(
    given,
    made.filter(({ artifact }) => text.includes(artifact)),
  );
}

/** The parts of a message with these artifacts; nothing when there are none. */
export const partsField = (
  artifacts: readonly Artifact[] = [],
  others: readonly MediaPart[] = [],
): { parts?: MediaPart[] } =>
  artifacts.length === 0 && others.length === 0 ? {} : { parts: [...others, ...artifacts.map(partOfArtifact)] };
