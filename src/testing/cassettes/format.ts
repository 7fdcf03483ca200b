/**
 * A run on tape: everything that came to it from outside, in order, and what its effects gave.
 *
 * Machines are pure, so this is all that is needed to take the same path again. What is said between the actors of the run is not kept:
 * they say it again.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { Failure } from '../../contracts/failure.ts';
import { Address, Id } from '../../contracts/ids.ts';

/** Raised when an older troupe could not read what is written. */
export const format = 1;

/** Milliseconds since the epoch; a virtual clock has fractions of them. */
const at = z.number().nonnegative();
const status = z.enum(['active', 'done', 'failed', 'stopped']);

const Outcome = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), output: z.json() }),
  z.object({ ok: z.literal(false), failure: Failure }),
]);

/** One actor of the run; `hash` is the shape of the machine that it was. */
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

export const Cassette = z.object({
  troupe: z.literal('cassette'),
  format: z.literal(format),
  /** Of everything else in the file. Without it the file may be edited by hand. */
  digest: z.string().optional(),
  run: Id,
  /** What ran: the name of the team, agent or machine, and the type of its root actor. `args` is what a file's function was called with. */
  subject: z.object({ name: z.string().optional(), type: z.string(), args: z.json().optional() }),
  /** Milliseconds since the epoch. */
  started: at,
  deadline: at.optional(),
  input: z.json(),
  /** How it ended; left out when it had not. */
  end: End.optional(),
  actors: z.array(Actor).min(1),
  /** In the order they were stored. */
  steps: z.array(Step).min(1),
  /** What effects gave, each under its key. */
  ledger: z.array(Asked),
});
export type Cassette = z.infer<typeof Cassette>;
export type TapedStep = z.infer<typeof Step>;
export type TapedEffect = z.infer<typeof Asked>;
export type TapedEnd = z.infer<typeof End>;

/** Tells whether a file is as it was written. Of everything but the digest itself, in the order of the file. */
export function digestOf(content: object): string {
  const { digest: _, ...rest } = content as { readonly digest?: unknown };
  return createHash('sha256').update(JSON.stringify(rest)).digest('hex');
}

/** As a file holds it. */
export function textOf(cassette: Cassette): string {
  const { troupe, format: version, digest: _, ...content } = JSON.parse(JSON.stringify(cassette)) as Cassette;
  const digest = digestOf({ troupe, format: version, ...content });
  return `${JSON.stringify({ troupe, format: version, digest, ...content }, null, 2)}\n`;
}
