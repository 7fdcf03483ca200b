/** Checks that the result of a tool is JSON, and at most 1 MB. */
import { TroupeError } from '../values/failure.ts';
import { maxArtifactBytes } from '../contracts/media.ts';
import { mediaSizes } from '../contracts/toolContent.ts';
import { plainCopy, type Json } from '../values/json.ts';

/** The largest result in bytes: no model could read a larger one. */
export const maxResultBytes = 1024 * 1024;
const maxDepth = 200;

/**
 * A deep copy of a result. `undefined` becomes null, and is left out of objects.
 * @throws TroupeError `tool` that names the path of what is not JSON, or says how large the result is.
 */
export function toJson(value: unknown, tool: string): Json {
  const plain = plainCopy(value);
  const problem = plain === undefined ? findProblem(value, '', new Set()) : undefined;
  if (problem) {
    throw new TroupeError(
      'tool',
      `Tool "${tool}" returned what is not JSON: ${problem}. Return plain objects, arrays, strings, numbers, booleans and null.`,
      { data: { tool } },
    );
  }
  const text = JSON.stringify(plain ?? value ?? null);
  const { characters, tooLarge } = mediaSizes(value);
  if (tooLarge !== undefined) throw tooLargeArtifact(tooLarge, tool);
  requireSize(Buffer.byteLength(text) - characters, tool);
  return plain ?? (JSON.parse(text) as Json);
}

/** Throws `tool` for a result that is too large. */
export function requireSize(bytes: number, tool: string): void {
  if (bytes <= maxResultBytes) return;
  const size = (bytes / maxResultBytes).toFixed(1);
  throw new TroupeError(
    'tool',
    `Tool "${tool}" returned ${size} MB; at most 1 MB is kept. Ask for less (a page, a range, a filter), or have it written to a file.`,
    { data: { tool, bytes } },
  );
}

const tooLargeArtifact = (bytes: number, tool: string): TroupeError =>
  new TroupeError(
    'tool',
    `Tool "${tool}" returned an image, audio or a file of ${(bytes / 1024 / 1024).toFixed(1)} MB; at most ${maxArtifactBytes / 1024 / 1024} MB are kept. Have it made smaller, or written to a file.`,
    { data: { tool, bytes } },
  );

function findProblem(value: unknown, path: string, above: Set<object>): string | undefined {
  const at = path === '' ? 'the result' : `"${path}"`;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${at} is ${value}`;
  if (typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol')
    return `${at} is a ${typeof value}`;
  if (typeof value !== 'object' || value === null) return undefined;
  if (above.has(value)) return `${at} contains itself`;
  if (above.size >= maxDepth) return `"${path.slice(0, 60)}…" is nested more than ${maxDepth} levels deep`;

  const parent: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && parent !== Object.prototype && parent !== null) return `${at} is a ${className(value)}`;
  above.add(value);
  for (const [key, inner] of Object.entries(value)) {
    const found = findProblem(
      inner,
      Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`,
      above,
    );
    if (found) return found;
  }
  above.delete(value);
  return undefined;
}

const className = (value: object) =>
  (typeof value.constructor === 'function' && value.constructor.name) || 'class instance';
