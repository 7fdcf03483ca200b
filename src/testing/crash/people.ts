/** The people around a run: they answer tickets and send signals, whenever the run can only go on by them. */
import type { Envelope } from '../../contracts/envelope.ts';
import { TroupeError } from '../../contracts/failure.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { Journal } from '../../journal/journal.ts';
import { signalFor } from '../../signals.ts';
import type { Host } from '../../system/host.ts';
import { ticketDesk } from '../../tickets.ts';
import type { CrashScenario } from './scenario.ts';

export interface People {
  /** Does the next thing there is to do; true when something was done. Rejects when an answer or a signal does not fit. */
  act(host: Host): Promise<boolean>;
}

/** They read what is on disk, and speak through whichever process lives. What it did not acknowledge they say again. */
export function people({ answer, signals = [] }: CrashScenario, disk: Journal, run: string, root: string): People {
  let said = 0;
  /** Tickets whose answer was acknowledged: it must not be asked for again. */
  const settled = new Set<string>();

  async function say(host: Host, to: string, event: JsonObject & { readonly type: string }, id: string): Promise<void> {
    const [row] = await disk.find({ actor: to });
    if (!row) return;
    const body = signalFor(row, event) as Envelope['body'];
    await host.post({ id, type: event.type, body, from: 'person/crash', to, run, kind: 'signal' });
  }

  return {
    async act(host) {
      const desk = ticketDesk(disk, (ticket, event, id) => say(host, ticket, event, id));
      const open = (await desk.list(run)).filter(({ id, answered }) => !answered && !settled.has(id));
      for (const ticket of open) {
        const words = answer?.(ticket);
        if (words === undefined) continue;
        await desk.answer(ticket.id, words, 'the test').catch(unlessSettled);
        settled.add(ticket.id);
        return true;
      }
      const signal = signals[said];
      if (!signal) return false;
      await say(host, root, signal, `person/crash/${said}`).catch(unlessSettled);
      said++;
      return true;
    },
  };
}

/** It was answered or has ended just now: the run goes on either way. */
function unlessSettled(thrown: unknown): void {
  if (!(thrown instanceof TroupeError) || thrown.kind !== 'conflict') throw thrown;
}
