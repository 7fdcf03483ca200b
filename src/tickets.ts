/** Questions that wait for a person: which there are, and how they are answered or withdrawn, whoever owns their run. */
import * as z from 'zod';
import type { Envelope } from './contracts/envelope.ts';
import { explain } from './contracts/explain.ts';
import { TroupeError } from './contracts/failure.ts';
import { type Address, typeOf } from './contracts/ids.ts';
import type { Json, JsonObject } from './contracts/json.ts';
import { WaitInput, type WaitSignal } from './contracts/wait.ts';
import type { ActorRow, Journal } from './journal/journal.ts';

export interface Ticket {
  readonly id: Address;
  readonly run: string;
  readonly question: string;
  /** What exactly is asked about: a tool, its arguments and their hash. */
  readonly subject: Json;
  /** JSON Schema of the answer. */
  readonly schema: JsonObject;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  readonly since: number;
  /** Somebody has answered or withdrawn it; the run takes that when it goes on. */
  readonly answered: boolean;
}

export interface Tickets {
  list(run?: string): Promise<Ticket[]>;
  /** Rejects with `invalid` when the answer does not fit, `conflict` when the ticket is used up. */
  answer(ticket: Address, answer: Json, by: string): Promise<void>;
  /** Rejects with `conflict` when the ticket is used up. */
  abort(ticket: Address, reason: string, by: string): Promise<void>;
}

type Signal = (actor: Address, event: WaitSignal & JsonObject, id: string) => Promise<void>;

export function ticketDesk(journal: Journal, signal: Signal): Tickets {
  async function find(id: Address): Promise<Ticket> {
    const [row] = typeOf(id) === 'wait' ? await journal.find({ actor: id }) : [];
    const ticket = row && ticketOf(row, await journal.mail(row.run));
    if (ticket) return ticket;
    throw new TroupeError('unknown_recipient', `There is no ticket "${id}". "troupe waits list" shows the open ones.`);
  }

  /** One id for every word on a ticket: of two given in the same moment one is kept, and the other is told. */
  async function settle({ id, run }: Ticket, word: WaitSignal): Promise<void> {
    if (word.by.trim() === '') throw new TroupeError('invalid', 'Say who answers: a name that is not empty.');
    try {
      await signal(id, word as WaitSignal & JsonObject, `${id}/answer`);
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
        type: 'wait',
        status: 'active',
        limit: 1_000,
        ...(run === undefined ? {} : { run }),
      });
      const runs = [...new Set(rows.map((row) => row.run))];
      const mail = (await Promise.all(runs.map((one) => journal.mail(one)))).flat();
      return rows.flatMap((row) => ticketOf(row, mail) ?? []);
    },
    async answer(id, answer, by) {
      const ticket = await find(id);
      requireFit(ticket, answer);
      await settle(ticket, { type: 'wait.answer', answer: answer as WaitInput['schema'], by });
    },
    async abort(id, reason, by) {
      await settle(await find(id), { type: 'wait.abort', reason, by });
    },
  };
}

/** A ticket as its actor's row has it; undefined when that is something else. */
export function ticketOf({ actor, run, created, meta }: ActorRow, mail: readonly Envelope[]): Ticket | undefined {
  const parsed = WaitInput.safeParse((meta as { input?: unknown } | null)?.input);
  if (!parsed.success) return undefined;
  const { question, subject, schema, deadline } = parsed.data;
  return {
    id: actor,
    run,
    question,
    subject: subject ?? null,
    schema,
    since: created,
    deadline: created + deadline,
    answered: mail.some(({ to }) => to === actor),
  };
}

const statusIn = ({ data }: TroupeError): unknown => (data as { status?: unknown } | undefined)?.status;

/** Throws `invalid` when the answer is not what was asked for. */
export function requireFit({ question, schema }: Pick<Ticket, 'question' | 'schema'>, answer: Json): void {
  const parsed = z.fromJSONSchema(schema as never).safeParse(answer);
  if (parsed.success) return;
  throw new TroupeError(
    'invalid',
    `The answer to "${question}" does not fit: ${explain(parsed.error, answer)}. Expected ${JSON.stringify(schema)}; the ticket is still open.`,
  );
}
