/** Reserved outputs: fields whose names begin with `ktsu_` speak to the workflow, and are no part of a step's output. */
import type { FailureKind } from '../../values/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../../values/json.ts';
import type { StepNotes } from '../../contracts/workflow/step.ts';
import { textOf } from '../expressions/text.ts';

/** How all reserved names begin. */
export const reservedPrefix = 'ktsu_';

/** What reserved outputs decide. */
export type ReservedVerdict =
  | { readonly is: 'ok' }
  | { readonly is: 'failed'; readonly code: string; readonly kind: FailureKind; readonly message: string }
  | { readonly is: 'skipped'; readonly reason: string };

/** The flags that fail a step, in the order in which they are looked at. */
const fatalFlags = [
  { name: 'ktsu_injection_attempt', code: 'injection_attempt', kind: 'denied', message: 'injection attempt detected' },
  { name: 'ktsu_untrusted_content', code: 'untrusted_content', kind: 'denied', message: 'untrusted content detected' },
  { name: 'ktsu_low_quality', code: 'low_quality', kind: 'unverified', message: 'low quality output' },
  { name: 'ktsu_needs_human', code: 'needs_human_review', kind: 'unverified', message: 'needs_human_review' },
] as const;

/**
 * Evaluates the reserved outputs in their fixed order: the four flags, `_error`, confidence, the reason to skip. Gives the output without them.
 * Only a true of type boolean sets a flag; a field of another type than it should have says nothing.
 * A missing confidence counts as 0 when there is a threshold; one that equals the threshold passes.
 */
export function evaluateReserved(
  output: Json,
  { threshold }: { readonly threshold?: number } = {},
): { readonly output: Json; readonly notes: StepNotes | undefined; readonly verdict: ReservedVerdict } {
  if (!isJsonObject(output)) return { output, notes: undefined, verdict: confident(undefined, threshold) };
  const notes = notesOf(output);
  const own = (name: string): Json | undefined => (Object.hasOwn(output, name) ? output[name] : undefined);
  const flag = fatalFlags.find(({ name }) => own(name) === true);
  const error = own('_error');
  const verdict: ReservedVerdict = flag
    ? { is: 'failed', code: flag.code, kind: flag.kind, message: flag.message }
    : error !== undefined && !isNothing(error)
      ? { is: 'failed', code: 'reported_error', kind: 'tool', message: textOf(error) }
      : confident(notes.confidence, threshold);
  return {
    output: withoutReserved(output),
    notes: Object.keys(notes).length > 0 ? notes : undefined,
    verdict:
      verdict.is === 'ok' && notes.skip_reason !== undefined ? { is: 'skipped', reason: notes.skip_reason } : verdict,
  };
}

/** The flag in a draft that fails an agent before it reflects. Here a flag that is no boolean counts as well: a draft that is not clean is not sent on. */
export function fatalFlag(
  draft: Json,
): { readonly code: string; readonly kind: FailureKind; readonly message: string } | undefined {
  if (!isJsonObject(draft)) return undefined;
  const flag = fatalFlags.find(
    ({ name }) => Object.hasOwn(draft, name) && draft[name] !== false && draft[name] !== null,
  );
  return flag && { code: flag.code, kind: flag.kind, message: flag.message };
}

/** A schema without reserved names among what it requires: they are gone before it is checked. */
export function withoutReservedRequired(schema: JsonObject): JsonObject {
  const required = schema['required'];
  if (!Array.isArray(required) || !required.some(isReserved)) return schema;
  const known = cleaned.get(schema);
  if (known) return known;
  const clean = { ...schema, required: required.filter((name) => !isReserved(name)) };
  cleaned.set(schema, clean);
  return clean;
}

/** A schema that was cleaned stays the same object, so that its check is compiled once. */
const cleaned = new WeakMap<JsonObject, JsonObject>();

const isReserved = (name: unknown): boolean => typeof name === 'string' && name.startsWith(reservedPrefix);

const withoutReserved = (output: JsonObject): JsonObject =>
  Object.keys(output).some(isReserved)
    ? Object.fromEntries(Object.entries(output).filter(([name]) => !isReserved(name)))
    : output;

function confident(confidence: number | undefined, threshold: number | undefined): ReservedVerdict {
  if (threshold === undefined || (confidence ?? 0) >= threshold) return { is: 'ok' };
  const came = confidence === undefined ? 'none was given' : `it is ${confidence}`;
  return {
    is: 'failed',
    code: 'confidence_below_threshold',
    kind: 'unverified',
    message: `confidence below threshold: at least ${threshold} is required, ${came}`,
  };
}

function notesOf(output: JsonObject): StepNotes {
  const {
    ktsu_confidence: confidence,
    ktsu_flags: flags,
    ktsu_rationale: rationale,
    ktsu_skip_reason: reason,
  } = output;
  const texts = Array.isArray(flags) ? (flags as readonly Json[]).filter((flag) => typeof flag === 'string') : [];
  return {
    ...(typeof confidence === 'number' ? { confidence } : {}),
    ...(texts.length > 0 ? { flags: texts } : {}),
    ...(typeof rationale === 'string' && rationale !== '' ? { rationale } : {}),
    ...(typeof reason === 'string' && reason !== '' ? { skip_reason: reason } : {}),
  };
}

/** An error that says nothing is none. */
const isNothing = (error: Json): boolean =>
  error === null || error === false || error === '' || (typeof error === 'object' && Object.keys(error).length === 0);
