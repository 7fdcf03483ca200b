/** Answers tickets and sends signals as the scenario says, whenever the run can only go on by them. */
import { TroupeError } from '../../values/failure.ts';
import type { Address } from '../../values/ids.ts';
import type { Journal } from '../../journal/journal.ts';
import { signalFor } from '../../runtime/signals.ts';
import type { Host } from '../../engine/host.ts';
import { ticketAnswer, visitTickets, type Signal } from '../world/people.ts';
import { personSignalEnvelope } from '../world/people.ts';
import type { CrashScenario } from './scenario.ts';

/** The people of a scenario. */
export interface Responder {
  /** Does the next thing there is to do; false when there is none. Rejects when an answer or a signal does not fit. */
  act(host: Host): Promise<boolean>;
}

/** What a process did not acknowledge is sent again, to the next process. */
export function responder(
  { answer, signals = [] }: CrashScenario,
  journal: Journal,
  run: string,
  root: Address,
): Responder {
  let sent = 0;
  /** Tickets whose answer was acknowledged: the scenario must not be asked again. */
  const settled = new Set<Address>();

  async function send(host: Host, to: Address, signal: Signal, id: string): Promise<void> {
    const [row] = await journal.find({ actor: to });
    if (!row) return;
    const checked = { ...signalFor(row, signal), type: signal.type };
    await host.post(personSignalEnvelope(checked, { id, from: 'person/crash', to, run })).catch(unlessSettled);
  }

  const answerOne = (host: Host) =>
    visitTickets(journal, run, async (ticket) => {
      const given = settled.has(ticket.id) ? undefined : answer?.(ticket);
      if (given === undefined) return false;
      const { id, signal } = ticketAnswer(ticket, given, 'the test');
      await send(host, ticket.id, signal, id);
      settled.add(ticket.id);
      return true;
    });

  return {
    async act(host) {
      if (await answerOne(host)) return true;
      const signal = signals[sent];
      if (!signal) return false;
      await send(host, root, signal, `person/crash/${sent}`);
      sent++;
      return true;
    },
  };
}

/** The ticket was answered or the actor has ended just now: the run goes on either way. */
function unlessSettled(thrown: unknown): void {
  if (!(thrown instanceof TroupeError) || thrown.kind !== 'conflict') throw thrown;
}
