/**
 * Ranks the nodes for a run: every node computes the same ranking by itself, and when a node joins or leaves only its own share of the runs moves.
 * Rendezvous hashing with weights (Schindelhauer and Schomaker): the highest of -weight / ln(u), where u is a hash of both names in (0, 1).
 */
import { createHash } from 'node:crypto';

/** A node to rank; `weight` is its share relative to the others, above 0. */
export interface Candidate {
  readonly name: string;
  readonly weight: number;
}

/** The candidates' names, best first. */
export function rankCandidates(run: string, candidates: readonly Candidate[]): string[] {
  // A hash costs more than all the rest.
  if (candidates.length < 2) return candidates.map(({ name }) => name);
  return candidates
    .map(({ name, weight }) => ({ name, score: -weight / Math.log(share(`${name} ${run}`)) }))
    .sort((a, b) => b.score - a.score || (a.name < b.name ? -1 : 1))
    .map(({ name }) => name);
}

/** A number in (0, 1) that depends on the text alone: 48 bits of a hash. */
const share = (text: string): number => (createHash('sha256').update(text).digest().readUIntBE(0, 6) + 0.5) / 2 ** 48;
