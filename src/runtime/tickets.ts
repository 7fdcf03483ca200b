/** Tickets: questions that wait for a person. Lists, answers and withdraws them, whichever process owns their run. */
import * as z from 'zod';
import type { Envelope } from '../contracts/envelope.ts';
import type { Clock } from '../values/clock.ts';
import { TroupeError } from '../values/failure.ts';
import { type Address, actorTypeOf } from '../values/ids.ts';
import type { Json, JsonObject } from '../values/json.ts';
import { ticketType, WaitInput, type WaitSignal } from '../contracts/wait.ts';
import type { ActorRow, Journal } from '../journal/journal.ts';
import { requireWholeAnswerFits } from './answerFits.ts';

/** A question that waits for a person. */
export interface Ticket {
  /** The address of the actor that waits. */
  readonly id: Address;
  /** The id of its run. */
  readonly run: string;
  /** The name under which its flow asks; undefined for other tickets. */
  readonly name?: string;
  /** Facts for those who answer; undefined when there are none. */
  readonly metadata?: JsonObject;
  /** The question, for people. */
  readonly question: string;
  /** What exactly the question is about, such as a tool, its arguments and their hash. */
  readonly subject: Json;
  /** JSON Schema of the answer. */
  readonly schema: JsonObject;
  /** When it expires; milliseconds since the epoch. */
  readonly deadline: number;
  /** When it was opened; milliseconds since the epoch. */
  readonly since: number;
  /** True when it was answered or withdrawn, and the run has not yet processed that. */
  readonly answered: boolean;
}

/** The tickets of a journal. */
export interface Tickets {
  /** Open tickets of one run, or of all runs, without those whose time is up; at most 1,000. */
  list(run?: string): Promise<Ticket[]>;
  /** Answers a ticket in the name of `by`. Rejects with `invalid` when the answer does not fit its schema, `expired` when its time is up, `conflict` when it was already answered or withdrawn. */
  answer(ticket: Address, answer: Json, by: string): Promise<void>;
  /** Withdraws a ticket in the name of `by`. Rejects with `expired` when its time is up, `conflict` when it was already answered or withdrawn. */
  abort(ticket: Address, reason: string, by: string): Promise<void>;
}

type Signal = (actor: Address, event: WaitSignal & { readonly request: string }, id: string) => Promise<void>;

/** The tickets of a journal. `signal` sends a signal to an actor under a message id. */
export function ticketsOf(journal: Journal, signal: Signal, clock: Pick<Clock, 'now' | 'id'>): Tickets {
  async function find(id: Address): Promise<Ticket> {
    const [row] = actorTypeOf(id) === ticketType ? await journal.find({ actor: id }) : [];
    const ticket = row && ticketOf(row, await journal.mail(row.run));
    if (ticket) return ticket;
    throw new TroupeError('unknown_recipient', `There is no ticket "${id}". "troupe waits list" shows the open ones.`);
  }

  /**
   * All answers to a ticket have the same message id, and each is another request. When two arrive at the same moment one is kept, and the sender of the other gets
   * a `conflict`, also when both say the same.
   */
  async function settle(ticket: Ticket, answer: WaitSignal): Promise<void> {
    const { id, run } = ticket;
    if (answer.by.trim() === '') throw new TroupeError('invalid', 'Say who answers: a name that is not empty.');
    // An answer that was given in time and is not handled yet is a conflict, as it is before the deadline.
    if (isOverdue(ticket, clock.now()) && !ticket.answered) throw overdueError(ticket);
    try {
      await signal(id, { ...answer, request: clock.id() }, `${id}/answer`);
    } catch (thrown) {
      if (!(thrown instanceof TroupeError) || thrown.kind !== 'conflict' || statusIn(thrown)) throw thrown;
      throw new TroupeError(
        'conflict',
        `${id} has been answered already, or withdrawn. "troupe runs resume ${run}" goes on with it.`,
        { cause: thrown },
      );
    }
  }

  return {
    async list(run) {
      const rows = await journal.find({
        type: ticketType,
        status: 'active',
        limit: 10_000,
        ...(run === undefined ? {} : { run }),
      });
      const runs = [...new Set(rows.map((row) => row.run))];
      const mail = (await Promise.all(runs.map((one) => journal.mail(one)))).flat();
      // One that was answered in time counts as answered until its run goes on.
      return rows
        .flatMap((row) => ticketOf(row, mail) ?? [])
        .filter((ticket) => ticket.answered || !isOverdue(ticket, clock.now()));
    },
    async answer(id, answer, by) {
      const ticket = await find(id);
      await requireWholeAnswerFits(ticket, answer);
      // Answers are JSON; zod's own type for it can be written to.
      await settle(ticket, { type: 'wait.answer', answer: answer as z.util.JSONType, by });
    },
    async abort(id, reason, by) {
      await settle(await find(id), { type: 'wait.abort', reason, by });
    },
  };
}

/** The ticket of an actor, read from its row; undefined when the actor is no ticket. */
export function ticketOf({ actor, run, created, meta }: ActorRow, mail: readonly Envelope[]): Ticket | undefined {
  const parsed = WaitInput.safeParse(
    typeof meta === 'object' && meta !== null && 'input' in meta ? meta.input : undefined,
  );
  if (!parsed.success) return undefined;
  const { name, metadata, question, subject, schema, deadline } = parsed.data;
  return {
    id: actor,
    run,
    ...(name === undefined ? {} : { name }),
    ...(metadata ? { metadata } : {}),
    question,
    subject: subject ?? null,
    schema,
    since: created,
    deadline: created + deadline,
    answered: mail.some(({ to }) => to === actor),
  };
}

const isOverdue = ({ deadline }: Ticket, now: number): boolean => deadline <= now;

/** The error of an answer that comes too late. */
export const overdueError = ({ id, run, deadline }: Pick<Ticket, 'id' | 'run' | 'deadline'>): TroupeError =>
  new TroupeError(
    'expired',
    `${id} could be answered until ${new Date(deadline).toISOString()}; what was agreed for silence holds now. "troupe runs resume ${run}" goes on with it.`,
    { data: { deadline } },
  );

const statusIn = ({ data }: TroupeError): unknown =>
  typeof data === 'object' && data !== null && 'status' in data ? data.status : undefined;
