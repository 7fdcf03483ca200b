/** The file in which a machine remembers up to where it has seen a tenant's journal. Processes share it: the higher sequence counts. */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';

/** The streams that are compared. */
export const seenStreams = ['log', 'runs', 'mail'] as const;
export type SeenStream = (typeof seenStreams)[number];

/** A message that was seen: its sequence, and the digest of what it says, where that is known. */
const Position = z.object({ sequence: z.number(), digest: z.string().optional() });
type Position = z.infer<typeof Position>;

/** The identity of a store, and the newest message that was seen of each stream. */
const Marker = z.object({ identity: z.string(), log: Position, runs: Position, mail: Position });
export type Marker = z.infer<typeof Marker>;

/** Reads it; undefined when it is missing, or holds something else. */
export async function readMarker(path: string): Promise<Marker | undefined> {
  try {
    return Marker.safeParse(JSON.parse(await readFile(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

/** Writes it whole or not at all. `temporary`: a path beside it that nobody else uses. `isNewPast`: what the file says counts no more. */
export async function writeMarker(path: string, marker: Marker, temporary: string, isNewPast: boolean): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const stored = isNewPast ? undefined : await readMarker(path);
  const merged = stored?.identity === marker.identity ? later(marker, stored) : marker;
  try {
    await writeFile(temporary, JSON.stringify(merged));
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => {});
    throw thrown;
  }
}

function later(own: Marker, other: Marker): Marker {
  const of = (stream: SeenStream) => (other[stream].sequence > own[stream].sequence ? other[stream] : own[stream]);
  return { identity: own.identity, log: of('log'), runs: of('runs'), mail: of('mail') };
}
