/** The people outside a simulated run: they answer its tickets, and send the signals of the script again until one is acknowledged. */
import { milliseconds } from '../../values/duration.ts';
import type { Address } from '../../values/ids.ts';
import type { ActorRow, Journal } from '../../journal/journal.ts';
import type { VirtualClock } from '../clock.ts';
import { ticketAnswer, visitTickets, type Signal } from '../world/people.ts';
import { personSignalEnvelope } from '../world/people.ts';
import type { Random } from '../world/random.ts';
import type { ScenarioConditions } from './simulationScenario.ts';
import type { SimulatedProcess } from './simulatedProcess.ts';

/** Before a signal that was not acknowledged is sent again; milliseconds. */
const retryPause = 1_000;

/** What the people do, and where. */
export interface PeopleOptions {
  readonly run: string;
  readonly conditions: ScenarioConditions;
  readonly time: VirtualClock;
  readonly random: Random;
  readonly journal: Journal;
  readonly processes: readonly SimulatedProcess[];
  /** Lets everything happen that can without the clock. */
  readonly turn: () => Promise<void>;
}

/** A message from outside that a process acknowledged. */
export interface Acknowledged {
  readonly id: string;
  readonly to: Address;
}

/** Its signals are scheduled as soon as it is made. */
export class ScriptedPeople {
  readonly acknowledged: Acknowledged[] = [];
  readonly #options: PeopleOptions;

  constructor(options: PeopleOptions) {
    this.#options = options;
    const { conditions, time } = options;
    for (const [index, { after, signal }] of (conditions.script ?? []).entries())
      this.#later(milliseconds(after), () => void this.#send(`script-${index}-${time.id()}`, signal));
  }

  /** Gives the open tickets their answers. */
  async answer(): Promise<void> {
    const { run, conditions, journal } = this.#options;
    const { answer } = conditions;
    if (!answer) return;
    await visitTickets(journal, run, async (ticket) => {
      const { id, signal } = ticketAnswer(ticket, answer(ticket), 'somebody');
      await this.#post(id, ticket.id, signal);
      return false;
    });
  }

  async #send(id: string, signal: Signal): Promise<void> {
    const root = await this.#root();
    if (root && root.status !== 'active') return;
    if (root) await this.#post(id, root.actor, signal);
    if (!this.acknowledged.some((message) => message.id === id))
      this.#later(retryPause, () => void this.#send(id, signal));
  }

  /** To a random process; one that is dead or paused does not take it, and one that does not reach the journal refuses it. */
  async #post(id: string, to: Address, signal: Signal): Promise<void> {
    const { run, random, processes, turn } = this.#options;
    const { host, clock } = random.pick(processes).current;
    if (clock.dead || clock.paused) return;
    const posted = host.post(personSignalEnvelope(signal, { id, from: 'person/sim', to, run })).then(
      () => void this.acknowledged.push({ id, to }),
      () => {}, // It is sent again.
    );
    await Promise.race([posted, turn().then(turn)]);
  }

  #root(): Promise<ActorRow | undefined> {
    const { journal, run } = this.#options;
    return journal.find({ run, parent: null, limit: 1 }).then(([row]) => row);
  }

  #later(ms: number, call: () => void): void {
    const { time } = this.#options;
    time.wake(time.now() + ms, call);
  }
}
