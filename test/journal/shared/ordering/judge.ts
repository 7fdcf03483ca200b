/** Whether a journal kept its promises: by what its processes were told, and what one that comes later finds. */
import type { HistoryEntry } from '../../../../src/journal/journal.ts';
import type { MemoryStore } from '../../../../src/journal/shared/memoryStore.ts';
import { shared } from '../../../../src/journal/shared/shared.ts';
import { commitFor } from '../../../../src/testing/suites/commit.ts';
import { sleep, type Clock } from '../../../../src/values/clock.ts';
import { toFailure } from '../../../../src/values/failure.ts';
import type { Evidence } from './evidence.ts';
import { actorsOf } from './randomClient.ts';

/** What is judged. */
export interface Case {
  readonly store: MemoryStore;
  readonly clock: Clock;
  readonly runs: readonly string[];
  readonly evidence: Evidence;
}

/** Everything that does not hold, in words. */
export async function judge({ store, clock, runs, evidence }: Case): Promise<string[]> {
  await sleep(clock, 30_000); // What was late on its way has arrived.
  const heir = shared({ store: store.open(), clock });
  const reader = shared({ store: store.open(), clock });
  const problems: string[] = [];
  const found = new Map<string, readonly HistoryEntry[]>();
  for (const run of runs) found.set(run, await reader.history({ run, limit: 1_000_000 }));
  for (const [run, history] of found) problems.push(...judgeRun(run, history, evidence));
  for (const { by, run, ids, known } of evidence.readings) {
    const final = found.get(run)?.map(({ actor, event }) => `${actor} ${event.id}`) ?? [];
    if (ids.some((id, index) => final[index] !== id)) problems.push(`divided: ${by} read another history of ${run}`);
    const missed = known?.find((id) => !ids.some((each) => each.endsWith(` ${id}`)));
    if (missed !== undefined)
      problems.push(`stale: ${by} read ${run} without ${missed}, which was acknowledged before`);
  }
  const { damage } = await reader.verify();
  problems.push(...damage.map(({ actor, what }) => `damaged: ${actor}: ${what}`));
  problems.push(...(await inherit()));
  for (const run of runs) problems.push(...(await judgeMail(run)));
  await heir[Symbol.asyncDispose]();
  await reader[Symbol.asyncDispose]();
  return problems;

  /** Another process finds every run that nobody works on, and goes on with it. */
  async function inherit(): Promise<string[]> {
    const left = new Set(runs.filter((run) => (found.get(run)?.length ?? 0) > 0));
    for (let tries = 0; left.size > 0 && tries < 30; tries++) {
      await sleep(clock, 1_000);
      for (const { run } of await heir.claims({ expiredAt: clock.now() })) {
        if (!left.has(run)) continue;
        const epoch = await heir.claim(run, 'heir', { now: clock.now(), ttl: 10_000 }).catch((thrown: unknown) => {
          if (toFailure(thrown).kind === 'owned_elsewhere') return undefined;
          throw thrown;
        });
        if (epoch === undefined) continue;
        left.delete(run);
        const [actor] = actorsOf(run);
        const seq = ((await heir.load(actor))?.seq ?? 0) + 1;
        await heir.commit(commitFor({ run, actor, seq, epoch, event: { id: `last ${run}`, type: 'go', body: {} } }));
        const after = await reader.history({ run, limit: 1_000_000 });
        const before = found.get(run) ?? [];
        if (
          after.length !== before.length + 1 ||
          before.some(({ event }, index) => after[index]?.event.id !== event.id)
        )
          problems.push(`divided: ${run} is another one after it was taken over`);
      }
    }
    return [...left].map((run) => `lost: nobody finds the run ${run}`);
  }

  async function judgeMail(run: string): Promise<string[]> {
    const handled = new Set(found.get(run)?.map(({ event }) => event.id));
    const waiting = new Set((await heir.mail(run)).map(({ id }) => id));
    return [...(evidence.posted.get(run) ?? [])]
      .filter((id) => !handled.has(id) && !waiting.has(id))
      .map((id) => `lost mail: ${id} was acknowledged and is gone`);
  }
}

function judgeRun(run: string, history: readonly HistoryEntry[], { acknowledged, refused }: Evidence): string[] {
  const problems: string[] = [];
  const times = new Map<string, number>();
  const last = new Map<string, number>();
  for (const { actor, seq, event } of history) {
    const name = `${actor} ${event.id}`;
    times.set(name, (times.get(name) ?? 0) + 1);
    times.set(event.id, (times.get(event.id) ?? 0) + 1);
    if (seq !== (last.get(actor) ?? 0) + 1)
      problems.push(`dense: commit ${seq} of ${actor} follows ${last.get(actor) ?? 0}`);
    last.set(actor, seq);
    const refusal = refused.get(event.id);
    if (refusal !== undefined) problems.push(`refused: ${event.id} is in ${run}, and its process was told ${refusal}`);
  }
  for (const [id, count] of times) if (count > 1) problems.push(`twice: ${id} is ${count} times in ${run}`);
  for (const id of new Set(acknowledged.get(run)))
    if (!times.has(id)) problems.push(`lost: ${id} was acknowledged and is not in ${run}`);
  return problems;
}
