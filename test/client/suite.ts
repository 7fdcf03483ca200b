/** What every client does, however it reaches the runs. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Execution, ExecutionStatus, LogEntry, TroupeClient } from '../../src/client/index.ts';
import { limits } from '../limits.ts';
import type { MakeWorld } from './worlds.ts';

const refusal = (kind: string, says: RegExp) =>
  expect.objectContaining({ kind, message: expect.stringMatching(says) as string }) as object;

/** Waits until a run has this status. */
async function until(client: TroupeClient, exec: string, status: ExecutionStatus): Promise<Execution> {
  await expect
    .poll(async () => (await client.executions.get(exec)).status, { timeout: limits.step, interval: 10 })
    .toBe(status);
  return client.executions.get(exec);
}

async function allOf<T>(lines: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

/** Adds the suite. `make` gives a client with a journal of its own. */
export function clientSuite(name: string, make: MakeWorld): void {
  describe(`a client ${name}`, () => {
    describe('shows a run', () => {
      test('with its input facts, its calls, their attempts, and its result', async () => {
        await using world = await make();
        const { client } = world;
        world.outside.isBroken = true;
        const exec = await world.begin('build');
        const run = await client.executions.get(exec);
        expect(run).toMatchObject({
          exec_id: 'r',
          flow_name: 'build',
          kind: 'flow',
          status: 'failed',
          status_reason: 'no screws',
          failure: { message: 'no screws', kind: 'code', exception_type: 'TypeError', origin: 'user_code' },
          checkpoint_count: 3,
        });
        expect(run.failure?.traceback).toContain('TypeError: no screws');
        expect(run.ended_at).toBeGreaterThanOrEqual(run.started_at);
        expect(run.checkpoints.map((call) => [call.invocation_id, call.name, call.status])).toEqual([
          ['make', 'make', 'completed'],
          ['make_2', 'make', 'completed'],
          ['assemble', 'assemble', 'failed'],
        ]);
        const last = run.checkpoints.at(-1);
        expect(last?.attempts.map(({ attempt, status }) => [attempt, status])).toEqual([
          [1, 'failed'],
          [2, 'failed'],
        ]);
        expect(last?.attempts.every(({ failure }) => failure?.message === 'no screws')).toBe(true);
        expect(last?.call_id).toBe('r/assemble');
      });

      test('that has not failed without a failure, and with what its body has logged about it and its calls', async () => {
        await using world = await make();
        const exec = await world.begin('publish', { topic: 'actors' });
        const run = await world.client.executions.get(exec);
        expect(run.failure).toBeUndefined();
        expect(run.result).toBeUndefined();
        await world.client.executions.input(exec, { value: { ok: true } });
        const ended = await until(world.client, exec, 'completed');
        expect(ended).toMatchObject({ result: 'published draft about actors', metadata: { topic: 'actors' } });
        expect(ended.checkpoints[0]).toMatchObject({ name: 'draft', metadata: { words: 3 } });
        expect(ended.checkpoints.map(({ kind }) => kind)).toEqual(['checkpoint', 'wait', 'checkpoint']);
        expect(ended.checkpoints[2]?.parent_call_ids).toEqual(['r/approve']);
      });

      test('with the calls of flows that it runs as children', async () => {
        await using world = await make();
        const run = await world.client.executions.get(await world.begin('outer'));
        expect(run).toMatchObject({ status: 'completed', result: 'hello twice' });
        expect(run.checkpoints.map(({ invocation_id: id, kind }) => [id, kind])).toEqual([
          ['greet', 'child'],
          ['greet/greet', 'checkpoint'],
        ]);
        expect(run.checkpoints[1]?.parent_call_ids).toEqual(['r/greet']);
      });

      test('and refuses the id of a run that there is not, or none at all', async () => {
        await using world = await make();
        await expect(world.client.executions.get('nowhere')).rejects.toEqual(refusal('unknown_recipient', /"nowhere"/));
        await expect(world.client.executions.get(' ')).rejects.toEqual(refusal('invalid', /empty/));
      });
    });

    test('refuses an option that there is not, with the one that was probably meant, before anything is told', async () => {
      await using world = await make();
      // As from JavaScript, where no compiler says so.
      const { executions, artifacts, deadLetters, deployments, secrets, auth } = world.client as unknown as Record<
        string,
        Record<string, (...given: unknown[]) => Promise<unknown>>
      >;
      const exec = await world.begin('publish', { topic: 'x' });
      const wrong: [call: Promise<unknown> | undefined, says: RegExp][] = [
        [executions?.cancel?.(exec, { reson: 'enough' }), /client.executions.cancel .*"reson".*"reason"\?$/],
        [executions?.list?.({ statsu: 'waiting' }), /"statsu".*"status"\?$/],
        [executions?.latest?.({ flows: 'publish' }), /"flows".*"flow"\?$/],
        [executions?.input?.(exec, { vlaue: { ok: true } }), /"vlaue".*"value"\?$/],
        [executions?.start?.({ flow: 'publish' }, { topic: 'y' }, { kye: 'k' }), /"kye".*"key"\?$/],
        [executions?.replay?.(exec, { form: 'draft' }), /"form".*"from"\?$/],
        [executions?.cancel?.(exec, 'enough'), /an object with reason; got a string of 6 characters\.$/],
        [artifacts?.list?.(exec, { nam: 'x' }), /"nam".*"name"\?$/],
        [deadLetters?.list?.({ colour: 1 }), /no option "colour"; it has exec_id, all, limit\.$/],
        [deployments?.get?.('x', { verson: 1 }), /"verson".*"version"\?$/],
        [secrets?.create?.('x', { A: 'b' }, { privat: true }), /"privat".*"private"\?$/],
        [auth?.rotate?.('x', { keepfor: '1m' }), /"keepfor".*"keepFor"\?$/],
      ];
      for (const [call, says] of wrong) await expect(call).rejects.toEqual(refusal('invalid', says));
      expect(() => world.client.executions.follow(exec, { limit: 1 } as object)).toThrow(/no option "limit"/);
      expect(await world.client.executions.get(exec)).toMatchObject({ status: 'waiting' });
    });

    describe('deletes runs', () => {
      test('that ended longer ago than said, and no others', async () => {
        await using world = await make();
        const { executions } = world.client;
        await world.begin('greet', null, 'ended');
        await world.begin('publish', { topic: 'x' }, 'open');
        if (world.isNoAdmin) {
          await expect(executions.prune({ olderThan: '1ms' })).rejects.toEqual(refusal('denied', /administrators/));
          return;
        }
        expect(await executions.prune({ olderThan: '1d' })).toEqual({ runs: 0 });
        // A process deletes nothing that ended in this very millisecond.
        await expect.poll(() => executions.prune({ olderThan: '1ms' }), { timeout: limits.step }).toEqual({ runs: 1 });
        await expect(executions.get('ended')).rejects.toEqual(refusal('unknown_recipient', /"ended"/));
        expect(await executions.get('open')).toMatchObject({ status: 'waiting' });
      });

      test('and refuses what is no duration, or none', async () => {
        await using world = await make();
        if (world.isNoAdmin) return;
        for (const olderThan of ['soon', '-1d', '', null, 30, ['1ms']] as string[])
          await expect(world.client.executions.prune({ olderThan })).rejects.toMatchObject({ kind: 'invalid' });
      });
    });

    describe('starts a run', () => {
      test('that has begun under the same key and input: it is that run, whichever process has it', async () => {
        await using world = await make();
        const exec = await world.begin('publish', { topic: 'x' }, 'same');
        const again = (topic: string, flow = 'publish') =>
          world.client.executions.start({ flow }, { topic }, { key: 'same' });
        expect(await again('x')).toMatchObject({ exec_id: exec, status: 'waiting' });
        await expect(again('y')).rejects.toEqual(refusal('conflict', /same/));
        await expect(again('x', 'greet')).rejects.toMatchObject({ kind: 'conflict' });
        expect(world.outside.done).toEqual(['draft about x']);
      });
    });

    describe('lists runs', () => {
      test('the newest first, page by page, each once', async () => {
        await using world = await make();
        for (let n = 0; n < 5; n++) await world.begin('greet', null, `g${n}`);
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await world.client.executions.list({ limit: 2, ...(cursor === undefined ? {} : { cursor }) });
          expect(page.items.length).toBeLessThanOrEqual(2);
          seen.push(...page.items.map(({ exec_id: id }) => id));
          cursor = page.next;
        } while (cursor !== undefined);
        expect(seen).toEqual(['g4', 'g3', 'g2', 'g1', 'g0']);
        const { items } = await world.client.executions.list({ limit: 1 });
        expect(items[0]).toMatchObject({ checkpoint_count: 1, artifact_count: 1, checkpoints: [], artifacts: [] });
      });

      test('of one definition and one status only', async () => {
        await using world = await make();
        world.outside.isBroken = true;
        await world.begin('greet', null, 'done');
        await world.begin('build', null, 'broken');
        await world.begin('publish', { topic: 'x' }, 'open');
        await world.begin('publish', { topic: 'x' }, 'open-2');
        await world.client.executions.abortWait('open-2');
        await until(world.client, 'open-2', 'cancelled');
        const { executions } = world.client;
        const ids = async (query: Parameters<typeof executions.list>[0]) =>
          (await executions.list(query)).items.map(({ exec_id: id }) => id);
        expect(await ids({ status: 'completed' })).toEqual(['done']);
        expect(await ids({ status: 'failed' })).toEqual(['broken']);
        expect(await ids({ status: 'waiting' })).toEqual(['open']);
        expect(await ids({ status: 'cancelled' })).toEqual(['open-2']);
        expect(await ids({ status: 'running' })).toEqual([]);
        expect(await ids({ flow: 'publish' })).toEqual(['open-2', 'open']);
        expect(await ids({ flow: 'publish', status: 'waiting' })).toEqual(['open']);
        expect(await ids({ flow: 'publ' })).toEqual([]);
        expect(await executions.latest({ flow: 'publish', status: 'waiting' })).toMatchObject({ exec_id: 'open' });
        await expect(executions.latest({ flow: 'nobody' })).rejects.toEqual(
          refusal('unknown_recipient', /flow nobody/),
        );
      });

      test('that wait for a signal, of themselves or of a child, or for time, as waiting', async () => {
        await using world = await make();
        const { executions } = world.client;
        await world.begin('listen', null, 'own');
        await world.begin('overhear', null, 'child');
        await executions.start({ flow: 'nap' }, null, { key: 'time' });
        for (const exec of ['own', 'child', 'time']) await until(world.client, exec, 'waiting');
        const ids = async (query: Parameters<typeof executions.list>[0]) =>
          (await executions.list(query)).items.map(({ exec_id: id }) => id).toSorted();
        expect(await ids({ status: 'waiting' })).toEqual(['child', 'own', 'time']);
        expect(await ids({ status: 'waiting', flow: 'listen' })).toEqual(['own']);
        expect(await ids({ status: 'running' })).toEqual([]);
        await executions.signal('own', 'news', 'good');
        await until(world.client, 'own', 'completed');
        expect(await ids({ status: 'waiting' })).toEqual(['child', 'time']);
        await executions.pause('child');
        await until(world.client, 'child', 'paused');
        expect(await ids({ status: 'waiting' })).toEqual(['time']);
      });

      test('and refuses a limit, a status and a cursor that there is not', async () => {
        await using world = await make();
        const { executions } = world.client;
        await expect(executions.list({ limit: 0 })).rejects.toEqual(refusal('invalid', /limit/));
        // As a program without types would ask.
        await expect(executions.list({ status: 'lost' as 'failed' })).rejects.toEqual(
          refusal('invalid', /running\W+waiting/),
        );
        await expect(executions.list({ cursor: 'x' })).rejects.toEqual(refusal('invalid', /cursor/));
      });
    });

    describe('shows and answers what waits for a person', () => {
      test('with its question, its schema and its facts', async () => {
        await using world = await make();
        const exec = await world.begin('publish', { topic: 'x' });
        const [wait, ...others] = await world.client.executions.pendingWaits(exec);
        expect(others).toEqual([]);
        expect(wait).toMatchObject({
          exec_id: exec,
          name: 'approve',
          question: 'Publish it?',
          schema: { type: 'object', required: ['ok'] },
          metadata: { priority: 'high' },
        });
        expect(wait?.deadline).toBeUndefined();
        const run = await world.client.executions.get(exec);
        expect(run).toMatchObject({ status: 'waiting', pending_wait: { name: 'approve' } });
        expect(run.checkpoints.at(-1)).toMatchObject({ invocation_id: 'approve', kind: 'wait', status: 'waiting' });
        await world.begin('greet', null, 'other');
        expect(await world.client.executions.pendingWaits('other')).toEqual([]);
        expect(await world.client.executions.pendingWaits()).toHaveLength(1);
      });

      test('an answer that does not fit is refused, and the question stays open', async () => {
        await using world = await make();
        const exec = await world.begin('publish', { topic: 'x' });
        const { executions } = world.client;
        await expect(executions.input(exec, { value: { ok: 'yes' } })).rejects.toEqual(refusal('invalid', /ok/));
        expect(await executions.pendingWaits(exec)).toHaveLength(1);
        await executions.input(exec, { wait: 'approve', value: { ok: false } });
        expect(await until(world.client, exec, 'completed')).toMatchObject({ result: 'rejected' });
      });

      test('by its name or its id; without either the only one, and a refusal that names them when there are several', async () => {
        await using world = await make();
        const exec = await world.begin('survey');
        const { executions } = world.client;
        await expect(executions.input(exec, { value: 1 })).rejects.toEqual(refusal('conflict', /first .*second/));
        await expect(executions.input(exec, { wait: ' ', value: 1 })).rejects.toEqual(refusal('invalid', /empty/));
        await expect(executions.input(exec, { wait: 'third', value: 1 })).rejects.toEqual(
          refusal('unknown_recipient', /"third".*first.*second/),
        );
        await executions.input(exec, { wait: 'first', value: 1 });
        const second = (await executions.pendingWaits(exec)).find(({ name: each }) => each === 'second');
        await executions.input(exec, { wait: String(second?.wait_id), value: 2 });
        expect(await until(world.client, exec, 'completed')).toMatchObject({ result: 3 });
      });

      test('by a name with a slash, as the code has it', async () => {
        await using world = await make();
        const exec = await world.begin('dated');
        await world.client.executions.input(exec, { wait: '31/12', value: 7 });
        expect(await until(world.client, exec, 'completed')).toMatchObject({ result: 7 });
      });

      test('once: a second answer is refused, whether it comes at once or later', async () => {
        await using world = await make();
        const exec = await world.begin('publish', { topic: 'x' });
        const { executions } = world.client;
        const answer = { wait: 'approve', value: { ok: true } };
        const both = await Promise.allSettled([executions.input(exec, answer), executions.input(exec, answer)]);
        expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
        expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { kind: 'conflict' } });
        await until(world.client, exec, 'completed');
        await expect(executions.input(exec, answer)).rejects.toEqual(refusal('conflict', /answered already/));
        await expect(executions.input(exec, { value: { ok: true } })).rejects.toEqual(refusal('conflict', /Nothing/));
      });

      test('when no process has the run, and the run goes on at once', async () => {
        await using world = await make();
        const exec = await world.begin('publish', { topic: 'x' });
        if (name === 'in the process that has the runs') return;
        await world.endProcess();
        await world.client.executions.input(exec, { value: { ok: true } });
        expect(await until(world.client, exec, 'completed')).toMatchObject({ result: 'published draft about x' });
        expect(world.outside.done).toEqual(['draft about x', 'published draft about x']);
      });

      test('and withdraws it, which ends the run', async () => {
        await using world = await make();
        const exec = await world.begin('publish', { topic: 'x' });
        await world.client.executions.abortWait(exec, { reason: 'wrong topic', by: 'Grace' });
        const run = await until(world.client, exec, 'cancelled');
        expect(run.status_reason).toContain('wrong topic');
        await expect(world.client.executions.abortWait(exec)).rejects.toEqual(refusal('conflict', /Nothing/));
      });
    });

    describe('moves a run', () => {
      test('retries one that failed from where it failed, and no other', async () => {
        await using world = await make();
        world.outside.isBroken = true;
        const exec = await world.begin('build');
        world.outside.isBroken = false;
        await world.client.executions.retry(exec);
        const run = await until(world.client, exec, 'completed');
        expect(run.result).toBe('a+b');
        expect(world.outside.done).toEqual(['a', 'b', 'assemble', 'assemble', 'assemble']);
        expect(run.checkpoints.at(-1)?.attempts.map(({ status }) => status)).toEqual(['failed', 'failed', 'completed']);
        expect(run.checkpoints.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
        await expect(world.client.executions.retry(exec)).rejects.toEqual(refusal('conflict', /done/));
      });

      test('resumes one that was paused, and none that waits or goes on', async () => {
        await using world = await make();
        const exec = await world.begin('publish', { topic: 'x' });
        const { executions } = world.client;
        await expect(executions.resume(exec)).rejects.toEqual(refusal('conflict', /"approve"/));
        await executions.pause(exec);
        await until(world.client, exec, 'paused');
        expect((await executions.list({ status: 'paused' })).items).toHaveLength(1);
        await executions.resume(exec);
        await until(world.client, exec, 'waiting');
        await executions.start({ flow: 'listen' }, null, { key: 'listens' });
        await expect(executions.resume('listens')).rejects.toEqual(refusal('conflict', /by itself/));
      });

      test('resumes an agent that was paused while a flow that is its tool waits for a person', async () => {
        await using world = await make();
        const { executions } = world.client;
        await world.begin('buyer', 'Publish.');
        await executions.pause('r');
        await until(world.client, 'r', 'paused');
        expect((await executions.list({ status: 'paused' })).items).toHaveLength(1);
        await executions.input('r', { value: { ok: true } });
        await executions.resume('r');
        expect(await until(world.client, 'r', 'completed')).toMatchObject({ result: 'published draft about tea' });
      });

      test('cancels one; what has ended is not cancelled again', async () => {
        await using world = await make();
        const exec = await world.begin('publish', { topic: 'x' });
        await world.client.executions.cancel(exec, { reason: 'enough' });
        expect(await until(world.client, exec, 'cancelled')).toMatchObject({ status_reason: 'enough' });
        await expect(world.client.executions.cancel(exec)).rejects.toEqual(refusal('conflict', /ended/));
      });

      test('cancels one in the middle of a write: it says which call may have happened, and under which key', async () => {
        await using world = await make();
        const exec = await world.begin('pay');
        await world.client.executions.cancel(exec);
        const { checkpoints } = await until(world.client, exec, 'cancelled');
        expect(checkpoints).toMatchObject([
          {
            invocation_id: 'pay',
            status: 'cancelled',
            failure: { kind: 'uncertain', message: expect.stringContaining('"r/pay"') as string },
          },
        ]);
      });

      test('cancels one that no process has: it cleans up with what it had, and repeats nothing', async () => {
        await using world = await make();
        const exec = await world.begin('borrow');
        if (name !== 'in the process that has the runs') await world.endProcess();
        await world.client.executions.cancel(exec);
        await until(world.client, exec, 'cancelled');
        expect(world.outside.done).toEqual(['taken', 'given back: taken']);
      });

      test('sends a signal by its name', async () => {
        await using world = await make();
        const { executions } = world.client;
        const exec = await executions.start({ flow: 'listen' }, null, { key: 'l' });
        await executions.signal(exec.exec_id, 'news', 'good');
        expect(await until(world.client, 'l', 'completed')).toMatchObject({ result: 'good' });
        await expect(executions.signal('l', 'news', 'late')).rejects.toEqual(refusal('conflict', /ended/));
      });

      test('starts a definition that it knows, and no other', async () => {
        await using world = await make();
        const { executions } = world.client;
        await executions.start({ flow: 'greet' }, null, { key: 'g' });
        expect(await until(world.client, 'g', 'completed')).toMatchObject({ result: 'hello' });
        await expect(executions.start({ flow: 'nobody' }, null)).rejects.toEqual(
          refusal('unknown_recipient', /nobody/),
        );
        await expect(executions.start({}, null)).rejects.toEqual(refusal('invalid', /one of/));
      });
    });

    describe('gives the log of a run', () => {
      const texts = (lines: readonly LogEntry[]) =>
        lines.map(({ source, checkpoint_name: call, level, message }) =>
          [source, call ?? '-', level, message.replace(/\d+ ms/, 'N ms')].join(' | '),
        );

      test('in the order in which it happened', async () => {
        await using world = await make();
        const exec = await world.begin('publish', { topic: 'x' });
        await world.client.executions.input(exec, { value: { ok: true }, by: 'Grace' });
        await until(world.client, exec, 'completed');
        const lines = await world.client.executions.logs(exec);
        expect(texts(lines)).toEqual([
          'runner | - | info | has begun',
          'runner | - | info | {"topic":"x"}',
          'step | draft | debug | has begun',
          'step | draft | info | {"words":3}',
          'step | draft | info | completed after N ms',
          'step | approve | info | waits for an answer: Publish it?',
          'step | approve | info | was answered by Grace',
          'step | approve | info | completed after N ms',
          'step | release | debug | has begun',
          'step | release | info | completed after N ms',
          'runner | - | info | completed',
        ]);
        const places = lines.map(({ seq }) => seq);
        expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
      });

      test('of one call, of one source, after a line, and no more than are asked for', async () => {
        await using world = await make();
        world.outside.isBroken = true;
        const exec = await world.begin('build');
        const { executions } = world.client;
        expect(texts(await executions.logs(exec, { checkpoint: 'assemble' }))).toEqual([
          'step | assemble | debug | has begun',
          'step | assemble | warning | attempt 1 failed after N ms: no screws',
          'step | assemble | error | failed after N ms: no screws',
        ]);
        expect(await executions.logs(exec, { checkpoint: 'make_2' })).toHaveLength(2);
        expect(await executions.logs(exec, { checkpoint: 'make' })).toHaveLength(4);
        expect(texts(await executions.logs(exec, { source: 'runner' }))).toEqual([
          'runner | - | info | has begun',
          'runner | - | error | failed: no screws',
        ]);
        const all = await executions.logs(exec);
        expect(await executions.logs(exec, { after: all[2]!.seq, limit: 2 })).toEqual(all.slice(3, 5));
        expect(await executions.logs(exec, { checkpoint: 'nowhere' })).toEqual([]);
        await expect(executions.logs(exec, { checkpoint: 'make', source: 'runner' })).rejects.toEqual(
          refusal('invalid', /belong to no call/),
        );
        await expect(executions.logs(exec, { checkpoint: '' })).rejects.toEqual(refusal('invalid', /empty/));
        await expect(executions.logs(exec, { limit: 0 })).rejects.toEqual(refusal('invalid', /limit/));
      });

      test('as it happens, until the run has ended; who goes on after a line misses none and gets none twice', async () => {
        await using world = await make();
        const exec = await world.begin('publish', { topic: 'x' });
        const { executions } = world.client;
        const first: LogEntry[] = [];
        for await (const line of executions.follow(exec)) {
          first.push(line);
          if (line.message.startsWith('waits')) break;
        }
        const rest = allOf(executions.follow(exec, { after: first.at(-1)!.seq }));
        await executions.input(exec, { value: { ok: true } });
        expect([...first, ...(await rest)]).toEqual(await executions.logs(exec));
      });

      test('and stops when nobody listens any more', async () => {
        await using world = await make();
        const exec = await world.begin('publish', { topic: 'x' });
        const stop = new AbortController();
        const following = allOf(world.client.executions.follow(exec, {}, stop.signal));
        stop.abort();
        await following;
        expect(await world.client.executions.get(exec)).toMatchObject({ status: 'waiting' });
      });
    });

    describe('gives artifacts', () => {
      test('what calls have given, by the call, and by their id', async () => {
        await using world = await make();
        const exec = await world.begin('build');
        const { artifacts } = world.client;
        const { items } = await artifacts.list(exec);
        expect(items.map(({ artifact_id: id, save_type: type }) => [id, type])).toEqual([
          ['r/make/output', 'step_output'],
          ['r/make_2/output', 'step_output'],
          ['r/assemble/output', 'step_output'],
        ]);
        expect((await artifacts.list(exec, { name: 'make' })).items).toHaveLength(2);
        expect((await artifacts.list(exec, { producing_call: 'make_2' })).items).toHaveLength(1);
        expect((await artifacts.list(exec, { kind: 'prompt' })).items).toEqual([]);
        const first = await artifacts.list(exec, { limit: 2 });
        expect((await artifacts.list(exec, { limit: 2, cursor: String(first.next) })).items).toEqual(items.slice(2));
        expect(await artifacts.get('r/assemble/output')).toMatchObject({
          name: 'output',
          producing_call: 'assemble',
          value: 'a+b',
          value_format: 'json',
        });
        expect(Buffer.concat(await allOf(artifacts.read('r/assemble/output'))).toString()).toBe('"a+b"');
        await expect(artifacts.get('r/assemble/other')).rejects.toEqual(
          refusal('unknown_recipient', /assemble\/output/),
        );
        await expect(artifacts.list(exec, { limit: 0 })).rejects.toEqual(refusal('invalid', /limit/));
      });
    });

    test('gives what a checkpoint has saved: text as it is, bytes as bytes, and who has loaded it', async () => {
      await using world = await make();
      const exec = await world.begin('report');
      const { artifacts } = world.client;
      const { items } = await artifacts.list(exec, { producing_call: 'write' });
      expect(items.map(({ name: own, kind, save_type: type, tags }) => [own, kind, type, tags])).toEqual([
        ['notes.md', 'response', 'manual', ['draft']],
        ['pixels', 'blob', 'manual', []],
        ['large', 'output', 'manual', []],
        ['output', null, 'step_output', []],
      ]);
      expect(items[0]?.loaded_by).toEqual(['r/read']);
      expect(await artifacts.get('r/write/notes.md')).toMatchObject({
        media_type: 'text/markdown',
        value: '# Notes',
        value_format: 'text',
      });
      expect(await artifacts.get('r/write/pixels')).toMatchObject({ value: 'Af8=', value_format: 'base64' });
      const bytes = Buffer.concat(await allOf(artifacts.read('r/write/large')));
      expect(bytes.toString()).toBe('x'.repeat(100_000));
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(items[2]?.hash);
      await world.client.executions.replay(exec, { from: 'read', key: 'again' });
      const again = await until(world.client, 'again', 'completed');
      expect(again.artifacts).toHaveLength(again.artifact_count);
      expect((await world.client.executions.list({ limit: 1 })).items[0]?.artifact_count).toBe(again.artifact_count);
      const taken = (await artifacts.list('again', { name: 'notes.md' })).items;
      expect(taken).toHaveLength(1);
      expect(await artifacts.get(taken[0]!.artifact_id)).toMatchObject({ value: '# Notes' });
    });

    test('gives each artifact an id of its own, whatever slashes are in names, and knows ids without escapes where one is meant', async () => {
      await using world = await make();
      const exec = await world.begin('paths');
      const { artifacts, executions } = world.client;
      expect(await executions.get(exec)).toMatchObject({ result: 'one', artifact_count: 4 });
      const ids = (await artifacts.list(exec)).items.map(({ artifact_id: id }) => id);
      expect(ids).toEqual(['r/a/b%2Fc', 'r/a/b', 'r/a/output', 'r/read/output']);
      expect(await artifacts.get('r/a/b%2Fc')).toMatchObject({ value: 'one', name: 'b/c', loaded_by: ['r/read'] });
      expect(await artifacts.get('r/a/b/c')).toMatchObject({ artifact_id: 'r/a/b%2Fc' });
      expect(await artifacts.get('r/a/b')).toMatchObject({ value: 'two', loaded_by: [] });
    });

    describe('replays a run', () => {
      test('from a call: what came before is taken, and the run that is replayed stays as it is', async () => {
        await using world = await make();
        const exec = await world.begin('build');
        const { executions } = world.client;
        const before = await executions.get(exec);
        expect(await executions.plan(exec, { from: 'assemble' })).toEqual({
          exec_id: exec,
          reused: ['make', 'make_2'],
          rerun: ['assemble'],
          overridden: [],
        });
        const begun = await executions.replay(exec, { from: 'assemble', key: 'again' });
        expect(begun).toMatchObject({ exec_id: 'again', original_exec_id: exec, flow_name: 'build' });
        const run = await until(world.client, 'again', 'completed');
        expect(world.outside.done).toEqual(['a', 'b', 'assemble', 'assemble']);
        expect(run.checkpoints.map(({ name: call, from }) => [call, from])).toEqual([
          ['make', 'replay'],
          ['make', 'replay'],
          ['assemble', undefined],
        ]);
        expect(await executions.get(exec)).toEqual(before);
      });

      test('with another result of a call, and with another answer', async () => {
        await using world = await make();
        const exec = await world.begin('publish', { topic: 'x' });
        const { executions } = world.client;
        await executions.input(exec, { value: { ok: false } });
        await until(world.client, exec, 'completed');
        await executions.replay(exec, { overrides: { 'checkpoint.draft': 'my own draft' }, key: 'edited' });
        await until(world.client, 'edited', 'waiting');
        await executions.input('edited', { value: { ok: true } });
        expect(await until(world.client, 'edited', 'completed')).toMatchObject({ result: 'published my own draft' });
        expect((await executions.get('edited')).checkpoints[0]).toMatchObject({ name: 'draft', from: 'override' });
      });

      test('once under a key: the same replay is joined, and another one is refused, whether it comes at once or later', async () => {
        await using world = await make();
        const exec = await world.begin('publish', { topic: 'x' });
        const { executions } = world.client;
        await executions.input(exec, { value: { ok: false } });
        await until(world.client, exec, 'completed');
        const replay = async (draft: string) =>
          executions.replay(exec, { overrides: { 'checkpoint.draft': draft }, key: 'edited' });
        const both = await Promise.allSettled([replay('mine'), replay('yours')]);
        expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
        expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { kind: 'conflict' } });
        const [taken, refused] = both[0].status === 'fulfilled' ? ['mine', 'yours'] : ['yours', 'mine'];
        await expect(replay(refused)).rejects.toEqual(refusal('conflict', /edited/));
        await replay(taken);
        await until(world.client, 'edited', 'waiting');
        expect(world.outside.done).toEqual(['draft about x']);
      });

      test('and refuses a call that it has not, or that several have', async () => {
        await using world = await make();
        const exec = await world.begin('build');
        const { executions } = world.client;
        await expect(executions.replay(exec, { from: 'nowhere' })).rejects.toEqual(refusal('conflict', /nowhere/));
        await expect(executions.plan(exec, { from: 'make' })).rejects.toEqual(refusal('conflict', /make_2/));
        await expect(executions.plan(exec, { from: ' ' })).rejects.toMatchObject({ kind: 'invalid' });
        await expect(executions.plan('nowhere', { from: 'make' })).rejects.toEqual(
          refusal('unknown_recipient', /nowhere/),
        );
      });
    });

    test('says how two runs differ', async () => {
      await using world = await make();
      const one = await world.begin('build', null, 'one');
      world.outside.isBroken = true;
      const other = await world.begin('build', null, 'other');
      const { executions } = world.client;
      expect(await executions.diff(one, other)).toMatchObject({
        status: ['completed', 'failed'],
        is_result_changed: true,
        is_same: false,
        calls: [
          { invocation_id: 'make', change: 'same' },
          { invocation_id: 'make_2', change: 'same' },
          { invocation_id: 'assemble', change: 'changed' },
        ],
      });
      expect(await executions.diff(one, one)).toMatchObject({ is_same: true });
    });

    test('says of what it was not given that it has none of it', async () => {
      await using world = await make();
      await expect(world.client.secrets.list()).rejects.toEqual(refusal('unsupported', /secrets/));
    });
  });
}
