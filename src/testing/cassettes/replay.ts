/** Replays a recording on the machines of a subject: in memory, on a virtual clock, with nothing from outside but what was recorded. */
import { treasurerMachine } from '../../../machines/treasury/treasurer.ts';
import { TroupeError } from '../../values/failure.ts';
import { propertiesOf } from '../../values/properties.ts';
import type { ActorRow, Journal } from '../../journal/journal.ts';
import { memory } from '../../journal/memory/memory.ts';
import { compile } from '../../runtime/compile/compile.ts';
import type { CompileContext } from '../../runtime/compile/compileContext.ts';
import type { Runnable } from '../../define/runnable.ts';
import type { ActorType } from '../../core/actorType.ts';
import { Host } from '../../engine/host.ts';
import { inProcess } from '../../transport/inProcess.ts';
import { virtualClock } from '../clock.ts';
import { present } from '../present.ts';
import { pure } from '../pure.ts';
import { EffectAnswers } from './effectAnswers.ts';
import { playRecording, notAccepted } from './player.ts';
import { definitionDrift } from './definitionDrift.ts';
import { DriftLog, phaseOf, type Drift } from './drift.ts';
import { recordedEndOf } from './export.ts';
import type { Cassette, RecordedEnd } from './format.ts';
import { fitsRecorded } from './masker.ts';
import { Recording, type Cue } from './recording.ts';
import { toolDrift } from './toolDrift.ts';
import { recordedActorType, type EffectAnswerer } from './recordedActorType.ts';
import { JournalWatcher } from './journalWatcher.ts';

/** What a replay came to. */
export interface ReplayResult {
  /** How the run ended; `open` when it is where its recording ends, or waits for something that was not recorded. */
  readonly outcome:
    | RecordedEnd
    | {
        readonly status: 'open';
        /** The state that the root was left in, in words. */
        readonly state: string;
      };
  /** The differences from the recording; empty when the run took the same path. */
  readonly drift: readonly Drift[];
}

/** How a replay goes. */
export interface CassetteReplayOptions {
  /** Continues after a difference with the nearest recorded outcome; false by default. */
  readonly lenient?: boolean;
  /** For recording what was not recorded: performs effects, and answers a person's questions when nothing else happens. By default nothing is performed. */
  readonly live?: {
    readonly perform: EffectAnswerer;
    readonly surroundings: Pick<CompileContext, 'gateway' | 'clock'>;
    readonly nudge: (host: Host, journal: Journal) => Promise<boolean>;
  };
  /** The cassette's name in messages; `The cassette` by default. */
  readonly file?: string;
  /** Called with the journal of the replay before it is closed. */
  readonly onEnd?: (journal: Journal) => Promise<void>;
}

/** Replays a cassette. Rejects with `conflict` when it is of another subject; differences are returned, not thrown. */
export async function replayCassette(
  subject: Runnable,
  cassette: Cassette,
  { lenient = false, live, file = 'The cassette', onEnd }: CassetteReplayOptions = {},
): Promise<ReplayResult> {
  const { run, started, input, deadline } = cassette;
  const [recording, drifts] = [new Recording(cassette), new DriftLog()];
  const clock = virtualClock({ start: started });
  const watch = new JournalWatcher(recording, drifts);
  const answers = new EffectAnswers({
    recording,
    drifts,
    lenient,
    perform: live?.perform,
    place: (actor) => watch.lastStepOf(actor),
  });
  const opened: AsyncDisposable[] = [];
  const prepare = (type: ActorType) => recordedActorType(pure(type), answers.answer);
  const surroundings = { gateway: offline, clock, ...live?.surroundings, opened, prepare };
  const type = compile({ ...surroundings, sharesUnasked: sharesUnasked(cassette) })(subject);
  requireSame(file, cassette, subject, type);

  const transport = inProcess();
  const journal = watch.wrap(memory());
  const host = new Host({
    journal,
    transport,
    clock,
    lease: { owner: 'replay' },
    // No other process shares this journal, so there is nothing to poll for.
    poll: 86_400_000,
    observe: (event) =>
      void (
        event.type === 'dead' &&
        isOutside(cassette, event.message.id) &&
        drifts.add(notAccepted(watch, event.actor, event.message.type, event.failure.message))
      ),
  });
  try {
    const root = `${type.name}/${run}`;
    await host.start(type, {
      run,
      input,
      about: { name: subject.name },
      ...(deadline === undefined ? {} : { deadline }),
    });
    const nudge = live && (() => live.nudge(host, journal));
    const left = await playRecording({
      recording,
      clock,
      host,
      root,
      watch,
      answers,
      drifts,
      nudge,
      advancesAfterDrift: lenient || live !== undefined,
    });
    const [found] = await journal.find({ actor: root });
    const row = present(found, `The root ${root}`);
    if (!live) {
      addUnplayed(recording, drifts, left, watch);
      for (const drift of [...toolDrift(subject, cassette), ...definitionDrift(subject, cassette)]) drifts.add(drift);
    }
    addEnd(cassette, drifts, row);
    await onEnd?.(journal);
    return { outcome: recordedEndOf(row) ?? { status: 'open', state: row.state }, drift: drifts.all };
  } finally {
    await host[Symbol.asyncDispose]();
    await transport[Symbol.asyncDispose]();
    for (const part of opened.reverse()) await part[Symbol.asyncDispose]();
  }
}

/** Never called: effects are answered before they reach a model. */
const offline: CompileContext['gateway'] = {
  answer: () => Promise.reject(new TroupeError('environment', 'A replay asks no model.')),
};

/** Was it recorded by a version in which two members used large shares without asking? Its treasurers were started without the word. */
const sharesUnasked = ({ actors }: Cassette): boolean =>
  actors.some(({ machine, input }) => machine === treasurerMachine.id && propertiesOf(input)['asksFirst'] !== true);

function requireSame(
  file: string,
  { subject: { name, type: recorded } }: Cassette,
  subject: Runnable,
  type: ActorType,
): void {
  if (type.name === recorded && (name === undefined || name === subject.name)) return;
  throw new TroupeError(
    'conflict',
    `${file} was recorded of ${name === undefined ? '' : `"${name}", `}a run of type "${recorded}"; it cannot be played to the ${subject.kind} "${subject.name}" (type "${type.name}"). Choose the definition it was recorded of.`,
  );
}

const isOutside = ({ steps }: Cassette, id: string): boolean => steps.some(({ event }) => event.id === id);

/** Adds what was recorded and is not asked for any more. Of an actor that took another path that is expected. */
function addUnplayed(recording: Recording, drifts: DriftLog, cues: readonly Cue[], watch: JournalWatcher): void {
  for (const { actor, key, name } of recording.unused) {
    if (drifts.of(actor)) continue;
    const { state = '', seq = 0 } = recording.askedIn(key) ?? {};
    drifts.add({
      kind: 'unasked',
      actor,
      phase: phaseOf(state),
      seq,
      message: `"${name}" was asked here when it was recorded, and is not any more`,
    });
  }
  for (const cue of cues) {
    if (cue.kind !== 'outside' || drifts.of(cue.step.actor)) continue;
    const { actor, event } = cue.step;
    drifts.add(
      notAccepted(
        watch,
        actor,
        event.type,
        recording.knows(actor) && watch.lastStepOf(actor).seq === 0
          ? 'there is no such actor now'
          : 'its recipient had ended',
      ),
    );
  }
}

/** Adds that the run ended in another way. */
function addEnd({ end, run }: Cassette, drifts: DriftLog, row: ActorRow): void {
  const came = recordedEndOf(row);
  if (end === undefined ? came === undefined : fitsRecorded(end, JSON.parse(JSON.stringify(came ?? null)))) return;
  const open = { status: 'open', state: row.state };
  if (end === undefined && drifts.all.length === 0) return;
  drifts.add(
    {
      kind: 'end',
      actor: row.actor,
      phase: '',
      seq: row.seq,
      message: came ? `the run ${run} ended otherwise:` : `the run ${run} did not come to its end:`,
    },
    { recorded: end ?? { status: 'open' }, came: came ?? open },
  );
}
