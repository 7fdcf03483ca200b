/** A recorded run as a test: the real machines, the recorded world. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TroupeError } from '../../contracts/failure.ts';
import type { Json } from '../../contracts/json.ts';
import { gateway } from '../../gateway/gateway.ts';
import type { Journal } from '../../journal/journal.ts';
import { memory } from '../../journal/memory.ts';
import { openRuntime, type RuntimeOptions, type Ticket } from '../../runtime.ts';
import type { Subject } from '../../subject.ts';
import { systemClock } from '../../system/clock.ts';
import type { Host } from '../../system/host.ts';
import { ticketDesk } from '../../tickets.ts';
import { really } from './answers.ts';
import { inWords } from './drift.ts';
import { endOf, exportRun } from './export.ts';
import { textOf } from './format.ts';
import { readCassette } from './read.ts';
import { replayOn, type Replayed } from './replay.ts';
import type { Answerer } from './taped.ts';

export interface CassetteOptions {
  /**
   * `none`, unless told otherwise: nothing is ever performed. `once`: where there is no file, the run is made for real and written to it.
   * `new`: what the file lacks is performed for real, and the file is written anew.
   */
  readonly record?: 'none' | 'once' | 'new';
  /** What a first recording starts with. */
  readonly input?: unknown;
  /** Answers a person's questions while recording. */
  readonly onTicket?: (ticket: Ticket) => Json | Promise<Json>;
  /** What is masked in the file besides the values of variables that are named like secrets. */
  readonly redact?: readonly RegExp[];
  /** Models and keys for recording. */
  readonly gateway?: RuntimeOptions['gateway'];
  readonly env?: RuntimeOptions['env'];
}

export interface CassettePlayer {
  /**
   * Plays it to an agent, a team or a machine. `strict`, unless told otherwise, rejects with `conflict` when anything differs, and says
   * what; `lenient` goes on with the nearest recorded outcome and gives the differences. Rejects with `invalid` or `incompatible` for
   * a file that cannot be played, `conflict` for one of another subject.
   */
  replay(subject: Subject, mode?: 'strict' | 'lenient'): Promise<Replayed>;
}

/** @example await cassette('desk.json').replay(desk); // rejects when desk would take another path today */
export function cassette(file: string, options: CassetteOptions = {}): CassettePlayer {
  const { record = 'none', env = process.env, redact = [] } = options;
  const write = async (journal: Journal, run: string) => {
    await mkdir(dirname(file), { recursive: true });
    // Whole or not at all: half a file would be damage in the next test.
    await writeFile(`${file}.new`, textOf(await exportRun(journal, run, { env, redact })));
    await rename(`${file}.new`, file);
  };
  return {
    async replay(subject, mode = 'strict') {
      const recorded = await readCassette(file);
      if (!recorded && record === 'none')
        throw new TroupeError(
          'invalid',
          `There is no cassette ${file}. Make one with "troupe runs export RUN > ${file}", or record it: cassette(file, { record: 'once', input }).`,
        );
      if (!recorded) return first(subject, options, write);
      if (record !== 'new')
        return judged(file, mode, await replayOn(subject, recorded, { lenient: mode === 'lenient', file }));
      let performed = 0;
      const live = { ...livelyBy(options), perform: (ask: Parameters<Answerer>[0]) => (performed++, really(ask)) };
      return replayOn(subject, recorded, {
        file,
        live,
        onEnd: async (journal) => void (performed > 0 && (await write(journal, recorded.run))),
      });
    },
  };
}

function judged(file: string, mode: 'strict' | 'lenient', replayed: Replayed): Replayed {
  if (mode === 'lenient' || replayed.drift.length === 0) return replayed;
  throw new TroupeError(
    'conflict',
    `${file} was recorded on another path:\n${inWords(replayed.drift)}\nIf that is meant, record it again; to go on all the same, replay it as 'lenient'.`,
  );
}

/** The first time: for real, in real time. */
async function first(
  subject: Subject,
  { input, onTicket, gateway: models, env }: CassetteOptions,
  write: (journal: Journal, run: string) => Promise<void>,
): Promise<Replayed> {
  if (input === undefined)
    throw new TroupeError(
      'invalid',
      "Nothing is recorded yet, and a first recording needs an input: cassette(file, { record: 'once', input: … }).",
    );
  await using journal = memory();
  await using runtime = await openRuntime({ journal, ...(models ? { gateway: models } : {}), ...(env ? { env } : {}) });
  const run = await runtime.start(subject, input);
  for (;;) {
    const outcome = await run.outcome({ returnWhenWaiting: true });
    if (outcome.status === 'waiting' && onTicket) {
      for (const ticket of outcome.tickets) await runtime.answer(ticket.id, await onTicket(ticket));
      continue;
    }
    await write(journal, run.id);
    const [row] = await journal.find({ actor: run.root });
    return { outcome: endOf(row!) ?? { status: 'open', state: row!.state }, drift: [] };
  }
}

function livelyBy({ onTicket, gateway: models, env = process.env }: CassetteOptions) {
  const clock = systemClock();
  return {
    surroundings: { gateway: gateway({ ...models, clock, env }), clock },
    async nudge(host: Host, journal: Journal): Promise<boolean> {
      if (!onTicket) return false;
      const desk = ticketDesk(journal, (to, event, id) =>
        host.post({
          id,
          type: event.type,
          body: event as never,
          from: 'person/recording',
          to,
          run: '',
          kind: 'signal',
        }),
      );
      const open = (await desk.list()).filter(({ answered }) => !answered);
      for (const ticket of open) await desk.answer(ticket.id, await onTicket(ticket), 'person/recording');
      return open.length > 0;
    },
  };
}
