/** `check` against the engine: whatever the engine does with a chart, `check` says that it can happen. */
import { expect, test } from 'vitest';
import { virtualClock, type VirtualClock } from 'troupe/testing';
import { systemClock } from '../../src/engine/clock.ts';
import { Host } from '../../src/engine/host.ts';
import { memory } from '../../src/journal/memory/memory.ts';
import { explore } from '../../src/testing/check/explore.ts';
import { machineModel } from '../../src/testing/check/machineModel.ts';
import { jsonText } from '../../src/testing/jsonValues.ts';
import { checkSettings } from '../../src/testing/check/options.ts';
import { checkedRun, type ModelWorld } from '../../src/testing/check/world.ts';
import { startRoot, stateOfActor } from '../../src/testing/check/worldStep.ts';
import { untilQuiet } from '../../src/testing/untilQuiet.ts';
import { seededRandom, type Random } from '../../src/testing/world/random.ts';
import { storedState } from '../../src/testing/world/storedState.ts';
import { inProcess } from '../../src/transport/inProcess.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { sleep } from '../../src/values/clock.ts';
import { TroupeError } from '../../src/values/failure.ts';
import { dose } from '../dose.ts';
import { randomChart } from './randomChart.ts';

const none = { drop: 0, dup: 0, crash: 0 };

/** Every way in which a run may be over, as `check` knows them: ended, failed, or at rest for ever. */
async function endsByCheck(seed: number): Promise<ReadonlySet<string> | undefined> {
  const subject = randomChart(seed, 1);
  const failure = new TroupeError('tool', 'It did not work.');
  const settings = checkSettings({ faults: none, maxStates: 2_000, samples: { work: [null, failure] } });
  const model = { ...machineModel(subject, settings), external: [] };
  const root = `${model.type.name}/${checkedRun}`;
  const empty: ModelWorld = {
    root, actors: new Map(), messages: [], asks: [], faultsLeft: none,
    lostOutcomes: new Set(), uncertain: new Set(), lostMessages: new Set(),
    taken: new Set(),
  }; // prettier-ignore
  const begun = startRoot(empty, model.type, { address: root, run: checkedRun, parent: undefined, input: null });
  const graph = await explore([begun], { model, limits: settings.limits, clamp: 64, clock: systemClock() });
  if (graph.bound) return undefined;
  return new Set(
    graph.nodes.flatMap(({ world, edges }) => {
      if (world.ended) return ['failure' in world.ended ? 'failed' : `done ${jsonText(world.ended.output)}`];
      const actor = world.actors.get(world.root);
      return edges.length === 0 && actor ? [`rests ${stateOfActor(actor)} ${actor.snapshot.context.log}`] : [];
    }),
  );
}

/** The same as the engine has them, with this pace of its timers, effects and messages. */
async function endInEngine(seed: number, pace: number): Promise<string> {
  const [clock, journal, random] = [virtualClock({ seed: pace }), memory(), seededRandom(pace * 31)];
  let moves = 0;
  const host = new Host({
    journal,
    clock,
    transport: slowly(inProcess(), clock, random),
    lease: { owner: 'one', alive: () => false, ttl: month },
    poll: month,
    idle: month,
    observe: () => void moves++,
  });
  const { type } = randomChart(seed, pace);
  await host.start(type, { run: 'run', input: null });
  const until = clock.now() + minute;
  for (;;) {
    await untilQuiet(() => moves);
    const due = clock.next ?? Infinity;
    if (due > until) break;
    clock.advance(Math.max(0, due - clock.now()));
  }
  const [root] = await journal.find({ run: 'run', parent: null, limit: 1 });
  host.abandon();
  const log = jsonText(storedState(root!).context?.['log']);
  if (root!.status === 'active') return `rests ${root!.state} ${log}`;
  return root!.status === 'done' ? `done ${log}` : root!.status;
}

const minute = 60_000;
const month = 30 * 24 * 60 * minute;

/** A transport that takes its time; messages of a pair of actors stay in order. */
function slowly(inner: Transport, clock: VirtualClock, random: Random): Transport {
  const latest = new Map<string, Promise<unknown>>();
  return {
    ...inner,
    send(envelope) {
      const pair = `${envelope.from} ${envelope.to}`;
      const pause = random.chance(0.3) ? 0 : random.between(0, 300);
      const sent = (latest.get(pair) ?? Promise.resolve())
        .catch(() => {})
        .then(() => sleep(clock, pause))
        .then(() => inner.send(envelope));
      latest.set(pair, sent);
      return sent;
    },
  };
}

test('whatever the engine does with a random chart, check says that it can happen, and nothing much beyond', async () => {
  const [charts, paces] = dose([40, 8], [300, 40]);
  const counts = { possible: 0, happened: 0 };
  for (let seed = 1; seed <= charts; seed++) {
    const possible = await endsByCheck(seed);
    if (!possible) continue; // Too large to be explored.
    const happened = new Set<string>();
    for (let pace = 1; pace <= paces; pace++) happened.add(await endInEngine(seed, pace));
    expect(
      [...happened].filter((end) => !possible.has(end)),
      `chart ${seed}`,
    ).toEqual([]);
    counts.possible += possible.size;
    counts.happened += happened.size;
  }
  // Rare orders need more paces than these.
  expect(counts.happened).toBeGreaterThan(counts.possible / 2);
});
