/** Messages for runs from processes that do not own them: one stored message each, and a word to the owner. A word that gets lost is made up for by looking, from time to time, whether anything came. */
import type { Envelope } from '../../contracts/envelope.ts';
import type { Clock } from '../../values/clock.ts';
import { shortDigest } from '../chain.ts';
import { isNewMessage } from '../deduplicate.ts';
import { parsed } from './entry.ts';
import type { RunReplica } from './runReplica.ts';
import { segmentHead } from './segment.ts';
import type { SharedStore, StoredMessage } from './store.ts';

/** What the mail of a process works with. */
export interface MailOptions {
  readonly store: SharedStore;
  readonly clock: Clock;
  /** Does this process hold the run? */
  holds(run: string): boolean;
  /** The content of a run by now; undefined when there is none. */
  contentOf(run: string): Promise<RunReplica | undefined>;
}

/** Milliseconds between two looks for mail of which no word came. */
const lookInterval = 5_000;

/** The mail of one process. */
export class StoredMail {
  readonly #options: MailOptions;
  /** Runs that have mail, as far as this process knows. */
  readonly #waiting = new Set<string>();
  /** Runs that were born here: while no word came of mail for them, they have none. */
  readonly #born = new Set<string>();
  /** How often word of mail came: what is read meanwhile may be older than the word. */
  #notes = 0;
  /** Names of messages that are being removed. */
  readonly #removing = new Set<string>();
  #lookedAt = -Infinity;
  #lastSequence = -1;
  #looking: Promise<void> | undefined;
  /** A request for the messages of one run is under way. */
  #isNaming = false;
  /** The list of all that is under way, and the one after it. */
  #list: Promise<void> | undefined;
  #nextList: Promise<ReadonlyMap<string, readonly string[]>> | undefined;

  constructor(options: MailOptions) {
    this.#options = options;
  }

  /** The runs that have mail and are held here. */
  async mailed(): Promise<readonly string[]> {
    const { clock, holds } = this.#options;
    const passed = clock.now() - this.#lookedAt;
    // The clock may have been set back.
    if (passed >= lookInterval || passed < 0) await (this.#looking ??= this.#look());
    return [...this.#waiting].filter(holds);
  }

  /** There is mail for a run. */
  note(run: string): void {
    this.#notes++;
    this.#waiting.add(run);
  }

  /** The run is not held here any more. */
  forget(run: string): void {
    this.#waiting.delete(run);
    this.#born.delete(run);
  }

  /**
   * A run was claimed: what came before is found with the next look. `isBorn`: it is new, so that there is hardly any. Of one that was not read nobody asks what
   * came, so that look is the next one to be asked for.
   */
  claimed(run: string, { isBorn, isRead }: { readonly isBorn: boolean; readonly isRead: boolean }): void {
    this.#lastSequence = -1;
    if (!isRead) this.#lookedAt = -Infinity;
    if (isBorn) this.#born.add(run);
    else this.#born.delete(run);
  }

  /** Messages of a run that are not handled, oldest first. */
  async read(run: string): Promise<Envelope[]> {
    const { store, contentOf } = this.#options;
    if (this.#born.has(run) && !this.#waiting.has(run)) return [];
    const noted = this.#notes;
    const names = (await this.#namesOf(run)).filter((name) => !this.#removing.has(name));
    const found = await Promise.all(names.map(async (name) => ({ name, message: await store.mail.last(name) })));
    const replica = names.length === 0 ? undefined : await contentOf(run);
    const waiting = found
      .flatMap(({ name, message }) => (message ? [{ name, message, envelope: envelopeOf(name, message) }] : []))
      .filter(({ name }) => !this.#removing.has(name))
      .sort((a, b) => a.message.sequence - b.message.sequence)
      .filter(({ name, envelope }) => !isHandled(replica, envelope) || void this.#remove(name).catch(() => {})); // Looked at again otherwise.
    if (waiting.length > 0) this.#waiting.add(run);
    else if (noted === this.#notes) this.#waiting.delete(run);
    return waiting.map(({ envelope }) => envelope);
  }

  /** The messages of a run, as of a moment after the call. Many runs that are asked for at once, as after a take-over, share one list of all. */
  async #namesOf(run: string): Promise<readonly string[]> {
    const { store } = this.#options;
    if (!this.#isNaming) {
      this.#isNaming = true;
      return store.mail.names(run).finally(() => (this.#isNaming = false));
    }
    this.#nextList ??= (this.#list ?? Promise.resolve()).then(() => {
      this.#nextList = undefined;
      const list = this.#namesByRun();
      this.#list = list.then(
        () => {},
        () => {},
      );
      return list;
    });
    return (await this.#nextList).get(run) ?? [];
  }

  async #namesByRun(): Promise<ReadonlyMap<string, readonly string[]>> {
    const byRun = new Map<string, string[]>();
    for (const name of await this.#options.store.mail.names()) {
      const names = byRun.get(runIn(name));
      if (names) names.push(name);
      else byRun.set(runIn(name), [name]);
    }
    return byRun;
  }

  /** Stores a message for a run. Rejects with `conflict` as `Inboxes.post` says. */
  async post(envelope: Envelope): Promise<void> {
    const { store, contentOf, holds } = this.#options;
    const { run, id, to } = envelope;
    const name = nameOf(run, id);
    const content = (await contentOf(run))?.contents.actors.get(to);
    const known = { status: content?.row.status, handled: content?.inbox?.get(id)?.event };
    const earlier = await store.mail.last(name);
    const waiting = earlier && envelopeOf(name, earlier);
    if (!isNewMessage(envelope, { ...known, waiting })) return;
    // First: the append may be stored without an answer.
    if (holds(run)) this.note(run);
    const body = new TextEncoder().encode(JSON.stringify(envelope));
    const sequence = await store.mail.append(name, 0, { headers: {}, body });
    if (sequence === undefined) {
      const other = await store.mail.last(name);
      // It may have been handled meanwhile; then it is asked for again.
      if (other) isNewMessage(envelope, { ...known, waiting: envelopeOf(name, other) });
      else return this.post(envelope);
    }
    // It was looked for while it was being stored, perhaps, and not found.
    if (holds(run)) return this.note(run);
    const last = await store.runs.last(run).catch(() => undefined);
    const owner = last && segmentHead(last)?.owner;
    if (owner !== undefined) store.presence.nudge(owner, run);
  }

  /** Removes a message. */
  async drop(run: string, id: string): Promise<void> {
    await this.#remove(nameOf(run, id));
    if (this.#waiting.has(run) && (await this.#options.store.mail.names(run)).length === 0) this.#waiting.delete(run);
  }

  /** A message was handled, or is a dead letter now: where it came as mail, it is removed. */
  async settled(run: string, id: string): Promise<void> {
    if (this.#waiting.has(run)) await this.#remove(nameOf(run, id)).catch(() => {}); // It is known as handled when it is read again.
  }

  async #remove(name: string): Promise<void> {
    this.#removing.add(name);
    try {
      await this.#options.store.mail.remove(name);
    } finally {
      this.#removing.delete(name);
    }
  }

  async #look(): Promise<void> {
    const { store, clock, holds } = this.#options;
    try {
      const sequence = await store.mail.lastSequence();
      this.#lookedAt = clock.now();
      if (sequence === this.#lastSequence) return;
      for (const name of await store.mail.names()) {
        const run = runIn(name);
        if (holds(run)) this.note(run);
      }
      this.#lastSequence = sequence;
    } finally {
      this.#looking = undefined;
    }
  }
}

const runIn = (name: string): string => name.slice(0, name.lastIndexOf('/'));
const nameOf = (run: string, id: string): string => `${run}/${shortDigest(id)}`;

const isHandled = (replica: RunReplica | undefined, { to, id }: Envelope): boolean =>
  replica?.contents.actors.get(to)?.inbox?.has(id) ?? false;

/** A message as `post` stored it. */
const envelopeOf = (name: string, { body }: StoredMessage): Envelope => parsed(`the mail ${name}`, body) as Envelope;
