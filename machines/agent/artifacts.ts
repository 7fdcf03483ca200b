/** Images, audio and files of a task: each is in one list of the actor, and messages refer to it by its id. */
import type { Artifact, MediaPart } from '../../src/contracts/media.ts';

/** The list of an actor that holds its artifacts. */
export const artifactList = 'artifacts';

/** The reference to an artifact, without its bytes. */
export const partOfArtifact = ({ data: _, ...part }: Artifact): MediaPart => part;

/** The parts of a message with these artifacts; nothing when there are none. */
export const partsField = (artifacts: readonly Artifact[] | undefined): { parts?: MediaPart[] } =>
  artifacts === undefined ? {} : { parts: artifacts.map(partOfArtifact) };
