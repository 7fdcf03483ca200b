/** One run from its start to its end, through as many processes as it takes: the first one may be mortal, the others live. */
import { reasonOf } from '../../contracts/cause.ts';
import { came } from '../../contracts/explain.ts';
import { TroupeError } from '../../contracts/failure.ts';
import type { Json } from '../../contracts/json.ts';
import type { ActorRow, Journal } from '../../journal/journal.ts';
import { memory } from '../../journal/memory.ts';
import { inputOf, isSubject } from '../../subject.ts';
import { virtualClock, type VirtualClock } from '../clock.ts';
import { settled } from '../turns.ts';
import { Evidence } from './evidence.ts';
import type { Death } from './life.ts';
import { people, type People } from './people.ts';
import { startProcess, type Process } from './process.ts';
import type { CrashOptions, CrashScenario, MakeScenario } from './scenario.ts';

/** What there is to know of a run when it is over. */
export interface Ending {
  readonly seen: Evidence;
  /** How it ended, as JSON; undefined when it did not. */
  readonly output: string | undefined;
  /** Where it stood then, in words. */
  readonly stands: string;
  /** The world at the start and at the end, as JSON. */
  readonly before: string;
  readonly world: string;
  /** What is there although the run is over: living actors, messages under way, damage. */
  readonly left: readonly string[];
}

const run = 'crash';

export async function runOnce(make: MakeScenario, options: CrashOptions, death: Death | undefined): Promise<Ending> {
  const { fault, patience = 1_000, seed = 1 } = options;
  const clock = virtualClock({ seed });
  const scenario = make(clock);
  requireScenario(scenario);
  const { subject, input, world = () => null } = scenario;
  const given = inputOf(subject, input);
  const before = looked(world);
  const disk = memory();
  const seen = new Evidence();
  for (let number = 1; ; number++) {
    await using process = startProcess({
      number,
      subject,
      clock,
      disk,
      fault,
      evidence: seen,
      death: number === 1 ? death : undefined,
    });
    const { type, host, life } = process;
    const root = `${type.name}/${run}`;
    // A start that cannot be made shows as a run that does not end.
    void host.start(type, { run, input: given, about: { name: subject.name } }).catch(() => {});
    const row = await live(process, { root, disk, clock, seen, patience, folk: people(scenario, disk, run, root) });
    if (life.dead) continue;
    return {
      seen,
      before,
      world: looked(world),
      output: row && outputOf(row),
      stands: await standing(disk, clock),
      left: await leftIn(disk),
    };
  }
}

function requireScenario(made: unknown): asserts made is CrashScenario {
  if (isSubject((made as Partial<CrashScenario> | null | undefined)?.subject)) return;
  throw new TroupeError(
    'definition',
    `crashEverywhere takes a function that makes { subject, input, … } anew, where subject is an agent({ … }), a team({ … }) or a machine(chart); it made ${came(made)}.`,
  );
}

function looked(world: () => Json): string {
  try {
    return JSON.stringify(world());
  } catch (cause) {
    throw new TroupeError('invalid', `world() tells what the world looks like, as JSON; it threw: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

interface Circumstances {
  readonly root: string;
  readonly disk: Journal;
  readonly clock: VirtualClock;
  readonly seen: Evidence;
  readonly patience: number;
  readonly folk: People;
}

/** Moves the run on until its root has ended, the process is dead, or nobody can move it any more. */
async function live({ host, life, outside }: Process, around: Circumstances): Promise<ActorRow | undefined> {
  const { root, disk, clock, seen, patience, folk } = around;
  for (let moves = 0; moves < patience;) {
    await settled(() => seen.steps.length);
    if (life.dead) return undefined;
    const [row] = await disk.find({ actor: root });
    if (row && row.status !== 'active') return row;
    const quiet = host.quiet(run);
    if (!quiet && (await outside.wait())) continue;
    moves++;
    // Whoever speaks to a process that dies meanwhile gets no answer.
    if (quiet && (await Promise.race([folk.act(host), life.death]))) continue;
    if (clock.next === undefined) return undefined;
    clock.advance(Math.max(0, clock.next - clock.now()));
  }
  return undefined;
}

function outputOf({ status, state, snapshot }: ActorRow): string {
  const { state: saved, failure } = snapshot as { state?: { output?: Json }; failure?: Json };
  return JSON.stringify({ status, state, output: saved?.output ?? null, failure: failure ?? null });
}

async function standing(disk: Journal, clock: VirtualClock): Promise<string> {
  const active = await disk.find({ run, status: 'active', limit: 20 });
  const places = active.map(({ actor, state }) => `${actor} is in ${state}`).join(', ');
  return `${places || 'nobody is alive'}, at ${new Date(clock.now()).toISOString()}`;
}

async function leftIn(disk: Journal): Promise<string[]> {
  const actors = await disk.find({ run, status: 'active', limit: 1_000 });
  const letters = [...(await disk.undelivered(run)), ...(await disk.mail(run))];
  const { damage } = await disk.verify();
  return [
    ...actors.map(({ actor, state }) => `${actor} is still alive, in ${state}`),
    ...letters.map(({ type, to }) => `"${type}" to ${to} was not delivered`),
    ...damage.map(({ actor, seq, what }) => `commit ${seq} of ${actor} is damaged: ${what}`),
  ];
}
