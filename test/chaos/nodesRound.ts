/** Three nodes and their servers, which must not lose acknowledged writes: each may be killed or frozen at any moment. Every run continues on some node. */
import { openCluster } from '../../src/cluster/client.ts';
import { toFailure } from '../../src/values/failure.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { openRuntime } from '../../src/runtime/runtime.ts';
import { limits, slow } from '../limits.ts';
import { node, type Child } from './child.ts';
import { ChaosRound, type ChaosCounts } from './chaosRound.ts';
import { oneServer, type Place } from './places.ts';
import { interceptMethods } from '../../src/testing/world/intercept.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** What is asked while three servers elect a leader is asked again. */
async function untilAnswered(ask: () => unknown): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (thrown) {
      if (attempt === 40 || toFailure(thrown).kind !== 'storage') throw thrown;
      await pause(250);
    }
  }
}

/** The number of faults in a round; before each fault another run is started, so that there is always one to disturb. */
const faultCount = 16;

export async function nodesRound(
  random: () => number,
  open: () => Promise<Place> = oneServer,
): Promise<{ counts: ChaosCounts; violations: readonly string[] }> {
  await using place = await open();
  const { url, stateFolder, replicas, clock, faults } = place;
  await using runtime = await openRuntime({
    nats: { servers: url, folder: stateFolder, replicas },
    clock,
    env: {},
  });
  // The runtime closes it.
  const journal = interceptMethods(runtime.journal, ({ name, invoke }) =>
    name === Symbol.asyncDispose ? Promise.resolve() : untilAnswered(invoke),
  );
  const read = async (): Promise<Journal> => journal;
  await using round = await ChaosRound.open(random, faultCount, read);
  await using cluster = await openCluster({ servers: url }, clock);
  const nodes = new Map<string, Child>();
  let isFinished = false;
  /** Restarts a process that has ended for any reason, as a process supervisor would. */
  const start = (name: string): void => {
    const child = node(place, name, round.service.url);
    nodes.set(name, child);
    void child.ended.then(() => (isFinished ? undefined : start(name)));
  };
  const anyNode = () => ['a', 'b', 'c'][Math.floor(random() * 3)]!;

  for (const name of ['a', 'b', 'c']) start(name);
  await Promise.all([...nodes.values()].map(({ working }) => working));
  for (const room of round.rooms) {
    await begin(room);
    await pause(random() * 300);
    if (await place.edit?.(random)) round.counts.edits++;
    const name = anyNode();
    const victim = nodes.get(name)!;
    const draw = random();
    if (draw < faults.server) {
      const restart = await place.kill(random);
      round.counts.serverKills++;
      await pause(random() * 500);
      await restart();
    } else if (draw < faults.server + faults.zombie) {
      victim.kill('SIGSTOP');
      await pause((1_200 + random() * 800) * slow); // Longer than the lease duration.
      victim.kill('SIGCONT');
      round.counts.zombies++;
    } else {
      victim.kill('SIGKILL');
      await victim.ended;
      round.counts.kills++;
      await round.checkLedgers();
    }
  }
  await finished();
  await round.checkOutcome();
  isFinished = true;
  await Promise.all([...nodes.values()].map(leave));
  return round;

  /** All nodes may be restarting at once: the caller repeats its request under the same key. */
  async function begin(room: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return void (await cluster.invoke('clerk', room, { key: room, detach: true, within: 5_000 }));
      } catch (thrown) {
        if (attempt === 400)
          return void round.violations.push(`${room} could not be begun: ${toFailure(thrown).message}`);
      }
      await pause(250);
    }
  }

  async function unfinishedRuns(): Promise<number> {
    const ended = await journal.find({ parent: null, status: ['done', 'failed', 'stopped'] });
    return faultCount - ended.length;
  }

  async function finished(): Promise<void> {
    for (const until = Date.now() + limits.test; Date.now() < until; await pause(100))
      if ((await unfinishedRuns()) === 0) return;
    round.violations.push(`${await unfinishedRuns()} runs are stuck`);
  }

  async function leave(child: Child): Promise<void> {
    await child.working;
    child.kill('SIGTERM');
    const { code, signal, err } = await child.ended;
    // A node whose server did not answer at its start says so, and would be started again.
    const couldNotBegin = !err.includes('working') && /did not open the journal|No NATS server answers/.test(err);
    if (!couldNotBegin && code !== 0)
      round.violations.push(`SIGTERM ended a node with ${signal ?? code}: ${err.slice(-2_000)}`);
  }
}
