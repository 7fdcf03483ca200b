/** Those outside a simulated run: they answer its tickets, send it the signals of the script, and ask again until they are heard. */
import { milliseconds } from '../../contracts/duration.ts';
import type { Envelope } from '../../contracts/envelope.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import type { ActorRow, Journal } from '../../journal/journal.ts';
import { requireFit, ticketOf, type Ticket } from '../../tickets.ts';
import type { VirtualClock } from '../clock.ts';
import type { Process } from './process.ts';
import type { Random } from './random.ts';
import type { Play, Signal } from './simulation.ts';

/** Before somebody who was not heard asks again, in milliseconds. */
const again = 1_000;

export interface Outside {
  readonly run: string;
  readonly play: Play;
  readonly time: VirtualClock;
  readonly random: Random;
  readonly disk: Journal;
  readonly processes: readonly Process[];
  /** Everything that can happen without the clock. */
  turn(): Promise<void>;
}

export class People {
  /** What was sent, and somebody was told that it is taken. */
  readonly acknowledged: { readonly id: string; readonly to: string }[] = [];
  readonly #outside: Outside;

  constructor(outside: Outside) {
    this.#outside = outside;
    const { play, time } = outside;
    for (const [index, { after, signal }] of (play.script ?? []).entries())
      this.#later(milliseconds(after), () => void this.#send(`script-${index}-${time.id()}`, signal));
  }

  /** Gives the open tickets their answers. */
  async answer(): Promise<void> {
    const { run, play, disk } = this.#outside;
    if (!play.answer) return;
    for (const row of await disk.find({ run, type: 'wait', status: 'active' })) {
      const ticket = ticketOf(row, await disk.mail(run));
      if (ticket && !ticket.answered) await this.#reply(ticket, play.answer(ticket));
    }
  }

  async #reply(ticket: Ticket, given: Json): Promise<void> {
    requireFit(ticket, given);
    await this.#post(`${ticket.id}/answer`, ticket.id, { type: 'wait.answer', answer: given, by: 'somebody' });
  }

  async #send(id: string, signal: Signal): Promise<void> {
    const root = await this.#root();
    if (root && root.status !== 'active') return;
    if (root) await this.#post(id, root.actor, signal);
    if (!this.acknowledged.some((letter) => letter.id === id)) this.#later(again, () => void this.#send(id, signal));
  }

  /** To some process; not heard where that one is down, and refused where it does not reach the journal. */
  async #post(id: string, to: string, event: { readonly type: string } & JsonObject): Promise<void> {
    const { run, random, processes, turn } = this.#outside;
    const { up, gate, host } = random.pick(processes);
    if (!up || gate.still) return;
    const body = event as Envelope['body'];
    const envelope: Envelope = { id, type: event.type, body, from: 'person/sim', to, run, kind: 'signal' };
    const posted = host.post(envelope).then(
      () => void this.acknowledged.push({ id, to }),
      () => {}, // It is asked again.
    );
    await Promise.race([posted, turn().then(turn)]);
  }

  #root(): Promise<ActorRow | undefined> {
    const { disk, run } = this.#outside;
    return disk.find({ run, parent: null, limit: 1 }).then(([row]) => row);
  }

  #later(ms: number, call: () => void): void {
    const { time } = this.#outside;
    time.wake(time.now() + ms, call);
  }
}
