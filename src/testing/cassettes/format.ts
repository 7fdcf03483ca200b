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
  z.object({
    ok: z.literal(true),
    /** What the effect returned. */
    output: z.json(),
  }),
  z.object({
    ok: z.literal(false),
    /** Why the effect failed. */
    failure: Failure,
  }),
]);

/** One actor of the run. */
const Actor = z.object({
  /** The address of the actor. */
  actor: Address,
  /** The name of its actor type. */
  type: z.string(),
  /** The address of the actor that spawned it; absent for the root. */
  parent: Address.optional(),
  /** The id of its machine. */
  machine: z.string(),
  /** The hash of its machine's shape when it was recorded. */
  hash: z.string(),
  /** What it was started with, with secrets masked. */
  input: z.json(),
  /** Whether it was active when it was recorded, and if not, how it ended. */
  status,
  /** The state that it was last in, in words. */
  state: z.string(),
});

/** One commit. The body of its event is kept only when it came from outside. */
const Step = z.object({
  /** The address of the actor that was changed. */
  actor: Address,
  /** The number of the commit among those of its actor; the first is 1. */
  seq: z.number().int().positive(),
  /** When the commit was made, in milliseconds since the epoch. */
  at,
  /** The message that caused the commit. */
  event: z.object({
    /** The id of the message. */
    id: z.string(),
    /** The type of the event that the machine took. */
    type: z.string(),
    /** The address of the sender; absent for what the engine itself brought. */
    from: z.string().optional(),
    /** What the message said, with secrets masked; kept only when it came from outside the run. */
    body: z.json().optional(),
  }),
  /** The state after the commit, in words. */
  state: z.string(),
  /** Whether the actor was active after the commit, and if not, how it ended. */
  status,
  /** The effects, children, timers and messages that began with the commit. */
  opens: z.array(
    z.object({
      /** The key under which it was opened. */
      key: z.string(),
      /** Says what began: an effect, a child, a timer or a message on its way. */
      kind: z.enum(['effect', 'child', 'timer', 'message']),
      /** When a timer was due; absent for other kinds. */
      due: at.optional(),
    }),
  ),
});

const Asked = z.object({
  /** The idempotency key of the effect: `actor/seq/index`. */
  key: z.string(),
  /** The address of the actor whose machine asked for the effect. */
  actor: Address,
  /** When the outcome was stored, in milliseconds since the epoch. */
  at,
  /** The name of the slot in `setup({ actors })` that the effect fills. */
  name: z.string(),
  /** What the effect was given, with secrets masked. */
  input: z.json(),
  /** How the effect ended, with secrets masked. */
  outcome: Outcome,
});

const End = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('done'),
    /** The result of the run, with secrets masked. */
    output: z.json(),
  }),
  z.object({
    status: z.literal('failed'),
    /** Why the run failed. */
    failure: Failure,
    /** What there was of a result. */
    partial: z.json().optional(),
  }),
  z.object({
    status: z.literal('cancelled'),
    /** Why the run was cancelled, as the person or program that did it said. */
    reason: z.string(),
  }),
]);

/** A recorded run. */
export const Cassette = z.object({
  troupe: z.literal('cassette'),
  format: z.literal(cassetteFormat),
  /** Hash of everything else in the file. Without it the file may be edited by hand. */
  digest: z.string().optional(),
  /** The id of the recorded run. */
  run: Id,
  /** What ran. */
  subject: z.object({
    /** The name of the team, agent or machine that ran; absent for one without a name. */
    name: z.string().optional(),
    /** The type of its root actor. */
    type: z.string(),
    /** The arguments of the function that the command line called to make it; absent when there was none. */
    args: z.json().optional(),
  }),
  /** When the run began, in milliseconds since the epoch. */
  started: at,
  /** When the run had to end, in milliseconds since the epoch; absent when it had no deadline. */
  deadline: at.optional(),
  /** What the run was started with, with secrets masked. */
  input: z.json(),
  /** How it ended; absent for a run that was still active. */
  end: End.optional(),
  /** All actors of the run, in the order they were spawned. */
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
