/**
 * The format of a cassette: everything that came to a run from outside, in order, and the outcomes of its effects.
 *
 * Machines are pure, so nothing else is needed to take the same path again. Messages between the actors of the run are not kept, because a
 * replay sends them again.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { Failure } from '../../values/failure.ts';
import { Address, Id } from '../../values/ids.ts';

/** The version of the format; raised when an older troupe could not read a new cassette. */
export const cassetteFormat = 1;

/** Milliseconds since the epoch; on a virtual clock they may be fractions. */
const at = z.number().nonnegative();
const status = z.enum(['active', 'done', 'failed', 'stopped']);

const Outcome = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), output: z.json() }),
  z.object({ ok: z.literal(false), failure: Failure }),
]);

/** One actor of the run. `hash`: the shape of its machine when it was recorded. */
const Actor = z.object({
  actor: Address,
  type: z.string(),
  parent: Address.optional(),
  machine: z.string(),
  hash: z.string(),
  input: z.json(),
  status,
  state: z.string(),
});

/** One commit. The body of its event is kept only when it came from outside. */
const Step = z.object({
  actor: Address,
  seq: z.number().int().positive(),
  at,
  event: z.object({ id: z.string(), type: z.string(), from: z.string().optional(), body: z.json().optional() }),
  state: z.string(),
  status,
  opens: z.array(
    z.object({ key: z.string(), kind: z.enum(['effect', 'child', 'timer', 'message']), due: at.optional() }),
  ),
});

const Asked = z.object({ key: z.string(), actor: Address, at, name: z.string(), input: z.json(), outcome: Outcome });

const End = z.discriminatedUnion('status', [
  z.object({ status: z.literal('done'), output: z.json() }),
  z.object({ status: z.literal('failed'), failure: Failure, partial: z.json().optional() }),
  z.object({ status: z.literal('cancelled'), reason: z.string() }),
]);

/** A recorded run. */
export const Cassette = z.object({
  troupe: z.literal('cassette'),
  format: z.literal(cassetteFormat),
  /** Hash of everything else in the file. Without it the file may be edited by hand. */
  digest: z.string().optional(),
  run: Id,
  /** What ran: the name of the team, agent or machine, and the type of its root actor. `args`: the arguments of the function that the CLI called to make it. */
  subject: z.object({ name: z.string().optional(), type: z.string(), args: z.json().optional() }),
  /** Milliseconds since the epoch. */
  started: at,
  deadline: at.optional(),
  input: z.json(),
  /** How it ended; absent for a run that was still active. */
  end: End.optional(),
  actors: z.array(Actor).min(1),
  /** The commits, in the order they were stored. */
  steps: z.array(Step).min(1),
  /** The outcomes of effects, each under its key. */
  ledger: z.array(Asked),
});
/** A recorded run. */
export type Cassette = z.infer<typeof Cassette>;
/** One recorded commit. */
export type RecordedStep = z.infer<typeof Step>;
/** One recorded outcome of an effect. */
export type RecordedEffect = z.infer<typeof Asked>;
/** How a recorded run ended. */
export type RecordedEnd = z.infer<typeof End>;

/** The hash of a cassette's content without its digest, in the order of the file: it tells whether a file was changed. */
export function cassetteDigest(content: object): string {
  const { digest: _, ...rest }: { readonly digest?: unknown } = { ...content };
  return createHash('sha256').update(JSON.stringify(rest)).digest('hex');
}

/** The text of a cassette's file. */
export function cassetteText(cassette: Cassette): string {
  const { troupe, format: version, digest: _, ...content }: Cassette = JSON.parse(JSON.stringify(cassette));
  const digest = cassetteDigest({ troupe, format: version, ...content });
  return `${JSON.stringify({ troupe, format: version, digest, ...content }, null, 2)}\n`;
}
