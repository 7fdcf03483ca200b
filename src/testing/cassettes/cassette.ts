/** Replays a recorded run as a test: the real machines, with recorded outcomes of effects and recorded messages. */
import { requireOptions, type OptionNames } from '../../values/options.ts';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TroupeError, type Failure, type FailureKind } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import { gateway } from '../../gateway/gateway.ts';
import type { Journal } from '../../journal/journal.ts';
import { memory } from '../../journal/memory/memory.ts';
import { openRuntime, type RuntimeOptions, type Ticket } from '../../runtime/runtime.ts';
import type { Runnable } from '../../define/runnable.ts';
import { systemClock } from '../../engine/clock.ts';
import type { Host } from '../../engine/host.ts';
import { ticketsOf } from '../../runtime/tickets.ts';
import type { WaitSignal } from '../../contracts/wait.ts';
import { knownJson } from '../jsonValues.ts';
import { present } from '../present.ts';
import { performLive } from './effectAnswers.ts';
import { driftText } from './drift.ts';
import { recordedEndOf, exportRun } from './export.ts';
import { cassetteText } from './format.ts';
import { readCassette } from './read.ts';
import { replayCassette, type ReplayResult } from './replay.ts';
import type { EffectAnswerer } from './recordedActorType.ts';

/** How a cassette is recorded. None of these is needed to replay one. */
export interface CassetteOptions {
  /**
   * When effects are performed. `none`, the default: never. `once`: when there is no file, the run is made for real and recorded, unless it fails for want of a key,
   * a network or a service.
   * `new`: what the file does not have is performed for real, and the file is written anew.
   */
  readonly record?: 'none' | 'once' | 'new';
  /** The input of a first recording; required for it. No default. */
  readonly input?: unknown;
  /** Answers a person's questions while recording; without it the recording ends where it waits for a person. */
  readonly onTicket?: (ticket: Ticket) => Json | Promise<Json>;
  /** Texts that are masked in the file, besides the values of environment variables that are named like secrets; none by default. */
  readonly redact?: readonly RegExp[];
  /** The gateway's options for recording: models and keys. By default models are called with the keys in `env`. */
  readonly gateway?: RuntimeOptions['gateway'];
  /** Environment variables; `process.env` by default. */
  readonly env?: RuntimeOptions['env'];
}

/** A cassette that can be replayed. */
export interface CassettePlayer {
  /**
   * Replays it on an agent, a team or a machine. `strict`, the default, rejects with `conflict` when anything differs, and says what;
   * `lenient` continues with the nearest recorded outcome and returns the differences. Rejects with `invalid` or `incompatible` for a file
   * that cannot be replayed, `conflict` for one of another subject, and with the failure of a first recording that was not kept.
   */
  replay(subject: Runnable, mode?: 'strict' | 'lenient'): Promise<ReplayResult>;
}

/**
 * Makes a player of the cassette in a file; nothing is read before `replay`.
 * @example await cassette('desk.json').replay(desk); // rejects when desk would take another path today
 */
export function cassette(file: string, options: CassetteOptions = {}): CassettePlayer {
  requireOptions('cassette', options, cassetteOptionNames);
  const { record = 'none', env = process.env, redact = [] } = options;
  const write = async (journal: Journal, run: string) => {
    await mkdir(dirname(file), { recursive: true });
    const text = cassetteText(await exportRun(journal, run, { env, redact }));
    // Renamed into place, so that no test ever reads half a file; under a name of its own, because two tests may record the same one at once.
    const draft = `${file}.${systemClock().id()}.new`;
    try {
      await writeFile(draft, text);
      await rename(draft, file);
    } finally {
      await rm(draft, { force: true });
    }
  };
  return {
    async replay(subject, mode = 'strict') {
      const recorded = await readCassette(file);
      if (!recorded && record === 'none')
        throw new TroupeError(
          'invalid',
          `There is no cassette ${file}. Make one with "troupe runs export RUN > ${file}", or record it: cassette(file, { record: 'once', input }).`,
        );
      if (!recorded) return recordFirstRun(subject, file, options, write);
      if (record !== 'new')
        return requireNoDrift(
          file,
          mode,
          await replayCassette(subject, recorded, { lenient: mode === 'lenient', file }),
        );
      let performed = 0;
      const live = {
        ...livePerformance(options),
        perform: (ask: Parameters<EffectAnswerer>[0]) => (performed++, performLive(ask)),
      };
      return replayCassette(subject, recorded, {
        file,
        live,
        onEnd: async (journal) => void (performed > 0 && (await write(journal, recorded.run))),
      });
    },
  };
}

/** In strict mode, rejects a replay that took another path. */
function requireNoDrift(file: string, mode: 'strict' | 'lenient', replayed: ReplayResult): ReplayResult {
  if (mode === 'lenient' || replayed.drift.length === 0) return replayed;
  throw new TroupeError(
    'conflict',
    `${file} was recorded on another path:\n${driftText(replayed.drift)}\nIf that is meant, record it again; to go on all the same, replay it as 'lenient'.`,
  );
}

/** Records the first run: it is made for real, in real time. */
async function recordFirstRun(
  subject: Runnable,
  file: string,
  { input, onTicket, gateway: models, env }: CassetteOptions,
  write: (journal: Journal, run: string) => Promise<void>,
): Promise<ReplayResult> {
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
    if (outcome.status === 'waiting' && onTicket && outcome.tickets.length > 0) {
      for (const ticket of outcome.tickets) await runtime.answer(ticket.id, await onTicket(ticket));
      continue;
    }
    if (outcome.status === 'failed') requireOwnFailure(file, outcome.failure);
    await write(journal, run.id);
    const [root] = await journal.find({ actor: run.root });
    const row = present(root, `The root ${run.root}`);
    return { outcome: recordedEndOf(row) ?? { status: 'open', state: row.state }, drift: [] };
  }
}

/** What a machine lacks on which a test is recorded. */
const lacking: readonly FailureKind[] = ['auth', 'environment', 'storage', 'transient'];

/** A run that has failed may be what is tested, but not one that lacked a key or a network: replayed, it would fail for ever. */
function requireOwnFailure(file: string, { kind, message }: Failure): void {
  if (lacking.includes(kind))
    throw new TroupeError(kind, `${file} was not made, because its first recording failed: ${message}`);
}

/** What a replay needs to perform effects, and to answer a person's questions. */
function livePerformance({ onTicket, gateway: models, env = process.env }: CassetteOptions) {
  const clock = systemClock();
  return {
    surroundings: { gateway: gateway({ ...models, clock, env }), clock },
    async nudge(host: Host, journal: Journal): Promise<boolean> {
      if (!onTicket) return false;
      const signal = (to: string, event: WaitSignal, id: string) =>
        host.post({
          id,
          type: event.type,
          body: knownJson(event),
          from: 'person/recording',
          to,
          run: '',
          kind: 'signal',
        });
      const tickets = ticketsOf(journal, signal, host.clock);
      const open = (await tickets.list()).filter(({ answered }) => !answered);
      for (const ticket of open) await tickets.answer(ticket.id, await onTicket(ticket), 'person/recording');
      return open.length > 0;
    },
  };
}

const cassetteOptionNames: OptionNames<CassetteOptions> = {
  record: true,
  input: true,
  onTicket: true,
  redact: true,
  gateway: true,
  env: true,
};
