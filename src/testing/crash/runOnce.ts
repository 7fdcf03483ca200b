/** One run from its start to its end, through as many processes as it takes: the first one may be killed, the others live. */
import { describeValue } from '../../values/explain.ts';
import { TroupeError } from '../../values/failure.ts';
import type { ActorRow } from '../../journal/journal.ts';
import { runInput, isRunnable } from '../../define/runnable.ts';
import { virtualClock, type VirtualClock } from '../clock.ts';
import { untilQuiet } from '../untilQuiet.ts';
import { crashEndingOf, worldText, type CrashEnding } from './crashEnding.ts';
import { startProcess, type CrashProcess } from './crashProcess.ts';
import { CrashRecorder } from './crashRecorder.ts';
import type { KillPoint } from './killPoint.ts';
import { responder, type Responder } from './responder.ts';
import type { CrashOptions, CrashScenario, MakeScenario } from './scenario.ts';

const run = 'crash';

/** Runs a fresh scenario to its end. Rejects with `definition` or `invalid` when the scenario makes no sense. */
export async function runOnce(
  make: MakeScenario,
  options: CrashOptions,
  killPoint: KillPoint | undefined,
): Promise<CrashEnding> {
  const { fault, patience = 1_000, seed = 1 } = options;
  const time = virtualClock({ seed });
  const scenario = make(time);
  requireScenario(scenario);
  const { subject, input, world = () => null } = scenario;
  const checkedInput = runInput(subject, input);
  const before = worldText(world);
  const recorder = new CrashRecorder();
  const { journal } = recorder;
  for (let number = 1; ; number++) {
    const first = number === 1;
    await using started = startProcess({
      number,
      subject,
      time,
      recorder,
      fault,
      killPoint: first ? killPoint : undefined,
    });
    const { type, process } = started;
    const root = `${type.name}/${run}`;
    // A start that fails shows as a run that does not end.
    void process.host.start(type, { run, input: checkedInput, about: { name: subject.name } }).catch(() => {});
    const people = responder(scenario, journal, run, root);
    const row = await untilEnd(started, { root, time, recorder, patience, people });
    if (process.dead) continue;
    return crashEndingOf({ run, recorder, before, world, row, time });
  }
}

function requireScenario(made: Partial<CrashScenario> | null | undefined): asserts made is CrashScenario {
  if (isRunnable(made?.subject)) return;
  throw new TroupeError(
    'definition',
    `crashEverywhere takes a function that makes { subject, input, … } anew, where subject is an agent({ … }), a team({ … }) or a machine(chart); it made ${describeValue(made)}.`,
  );
}

interface RunContext {
  readonly root: string;
  readonly time: VirtualClock;
  readonly recorder: CrashRecorder;
  readonly patience: number;
  readonly people: Responder;
}

/** Moves the run on until its root has ended, the process is dead, or nothing can move it any more. */
async function untilEnd({ process, realWork }: CrashProcess, context: RunContext): Promise<ActorRow | undefined> {
  const { root, time, recorder, patience, people } = context;
  const { host, clock } = process;
  for (let moves = 0; moves < patience;) {
    await untilQuiet(() => recorder.steps.length);
    if (process.dead) return undefined;
    const [row] = await recorder.journal.find({ actor: root });
    if (row && row.status !== 'active') return row;
    const quiet = host.isIdle(run);
    if (!quiet && (await realWork.wait())) continue;
    moves++;
    // A signal to a process that dies meanwhile is never answered.
    if (quiet && (await Promise.race([people.act(host), clock.killed]))) continue;
    if (time.next === undefined) return undefined;
    time.advance(Math.max(0, time.next - time.now()));
  }
  return undefined;
}
