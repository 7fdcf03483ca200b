/** How the stored runs were started, and how they are continued. Each story runs in two processes; a stored journal is the state between the two. */
import type { Json, RunHandle, RunOutcome } from 'troupe';
import type { TestRuntime } from 'troupe/testing';
import { House, houseInput, subjects, type SubjectName, type World } from './subjects.ts';

export interface Stage {
  readonly runtime: TestRuntime;
  readonly world: World;
}

export interface Story {
  /** The first process, on a virtual clock. It calls `cut` at the moment at which it is killed: the journal is copied as it is then. */
  begin(stage: Stage, cut: () => void): Promise<void>;
  /** The second process, ten hours after the first one started. Gives the outcome of each run that it continued. */
  goOn(stage: Stage): Promise<Record<string, RunOutcome>>;
}

/** The name of the subject of each run. */
export const runs: Readonly<Record<string, SubjectName>> = {
  'mail-asks': 'secretary',
  'mail-answered': 'secretary',
  'mail-cut': 'secretary',
  'clerk-asks': 'clerk',
  'desk-done': 'desk',
  'desk-failed': 'desk',
  'desk-cancelled': 'desk',
  'desk-asks': 'asking-desk',
  'desk-forgotten': 'desk',
  'desk-parked': 'desk',
  'desk-between': 'desk',
  'pool-waits': 'pool',
  'house-calm': 'house',
  'house-stands': 'house',
  'house-log': 'house',
  'mail-log': 'secretary',
  'mail-waits': 'secretary',
  'post-sent': 'post',
  'call-failed': 'caller',
};

const start = ({ runtime, world }: Stage, run: string, input: unknown) =>
  runtime.start(subjects(world)[runs[run]!], input, { key: run });
const resume = ({ runtime, world }: Stage, run: string) => runtime.resume(run, subjects(world)[runs[run]!]);

async function answer({ runtime }: Stage, run: string, said: Json): Promise<void> {
  for (const ticket of await runtime.tickets(run))
    if (!ticket.answered) await runtime.answer(ticket.id, said, 'person/grace');
  await runtime.settle();
}

/** Resumes runs, answers their tickets, lets a quarter of an hour pass, and gives the outcomes. */
async function ended(
  stage: Stage,
  names: readonly string[],
  { answers = {}, meanwhile }: { answers?: Record<string, Json>; meanwhile?: (last: RunHandle) => Promise<void> } = {},
): Promise<Record<string, RunOutcome>> {
  const { runtime } = stage;
  const handles: RunHandle[] = [];
  for (const run of names) {
    handles.push(await resume(stage, run));
    await runtime.settle();
    if (answers[run] !== undefined) await answer(stage, run, answers[run]);
  }
  await meanwhile?.(handles.at(-1)!);
  await runtime.advance('15m');
  return Object.fromEntries(
    await Promise.all(handles.map(async (handle) => [handle.id, await handle.outcome({ returnWhenWaiting: true })])),
  ) as Record<string, RunOutcome>;
}

export const stories = {
  /** Three tickets: an open one, one that was answered while its run was parked, and one of a guardrail; and a run with an effect pending. */
  approval: {
    async begin(stage, cut) {
      const { runtime } = stage;
      const answered = await start(stage, 'mail-answered', 'Ask Ada.');
      await runtime.advance('10s');
      await answered.park();
      await answer(stage, 'mail-answered', { approved: true });
      await start(stage, 'mail-asks', 'Ask Ada.');
      await start(stage, 'clerk-asks', 'Put tea in place.');
      await runtime.advance('10s');
      await start(stage, 'mail-cut', 'Ask Ada.');
      await runtime.advance('1s');
      cut();
    },
    goOn: (stage) =>
      ended(stage, ['mail-answered', 'mail-asks', 'mail-cut', 'clerk-asks'], {
        answers: { 'mail-asks': { approved: true }, 'clerk-asks': { approved: true } },
        async meanwhile() {
          await stage.runtime.advance('1m');
          await answer(stage, 'mail-cut', { approved: false, note: 'It is late.' });
        },
      }),
  },
  /** Teams with a treasurer: done, failed, cancelled, asking for a larger budget, parked with an effect pending, and killed between the answer of a member and its delivery. */
  team: {
    async begin(stage, cut) {
      const { runtime } = stage;
      await start(stage, 'desk-done', { ada: 1, bob: 2 });
      await runtime.advance('6m');
      await start(stage, 'desk-failed', { ada: 20, bob: 1 });
      await runtime.advance('18m');
      const cancelled = await start(stage, 'desk-cancelled', { ada: 3, bob: 3 });
      await runtime.advance('30s');
      await runtime.signal(cancelled.root, { type: 'run.cancel', reason: 'It is late.' });
      await runtime.advance('6m');
      await start(stage, 'desk-asks', { ada: 5, bob: 2 });
      await runtime.advance('6m');
      const parked = await start(stage, 'desk-parked', { ada: 2, bob: 3 });
      await runtime.advance('90s');
      await parked.park();
      await start(stage, 'desk-between', { ada: 2, bob: 3 });
      let isCut = false;
      using _ = runtime.observe((event) => {
        const { type, actor } = event;
        if (isCut || type !== 'commit' || event.status !== 'done' || !actor.startsWith('ada/desk-between')) return;
        isCut = true;
        cut();
      });
      await runtime.advance('90s');
    },
    goOn: (stage) =>
      ended(stage, ['desk-parked', 'desk-between', 'desk-asks'], {
        answers: { 'desk-asks': { granted: { steps: 9 } } },
      }),
  },
  /** An orchestrator behind guardrails that waits for the timer of its next attempt, and machines of level two: one done, one in the middle. */
  routing: {
    async begin(stage, cut) {
      const { runtime } = stage;
      const calm = await start(stage, 'house-calm', houseInput);
      await runtime.advance('4m');
      await runtime.signal(calm.root, { type: 'leave' });
      await runtime.settle();
      const pool = await start(stage, 'pool-waits', { tasks: ['tea', 'milk', 'forbidden', 'sugar', 'lemon'] });
      await runtime.advance('1m');
      await pool.park();
      await furnish(stage, 'house-stands');
      cut();
    },
    goOn: (stage) => ended(stage, ['pool-waits', 'house-stands'], { meanwhile: (house) => leave(stage, house) }),
  },
  /** A short message and a long one that were sent and not delivered, a run that waits for a person, and one that failed and is retried. */
  letters: {
    async begin(stage, cut) {
      const { runtime } = stage;
      const mail = await start(stage, 'mail-waits', 'Ask Ada.');
      await start(stage, 'call-failed', 'Ring.');
      const post = await start(stage, 'post-sent', {});
      await runtime.advance('10s');
      await post.park();
      await mail.park();
      await sendTexts(stage, 'post-sent');
      cut();
    },
    async goOn(stage) {
      const called = await stage.runtime.retry('call-failed', subjects(stage.world).caller);
      const outcomes = await ended(stage, ['mail-waits', 'post-sent'], {
        answers: { 'mail-waits': { approved: true } },
      });
      return { ...outcomes, 'call-failed': await called.outcome() };
    },
  },
  /** Runs on a shared journal: in segments, in the logs of two processes that were killed, in mail, and one that was deleted. */
  shared: {
    async begin(stage, cut) {
      await start(stage, 'desk-forgotten', { ada: 1, bob: 1 });
      await stage.runtime.settle();
      await stage.runtime.journal.prune(stage.runtime.now() + 1);
      await furnish(stage, 'house-log');
      await keepResult(stage, 'house-log');
      const { journal } = stage.runtime;
      const late = { id: 'late', type: 'ring', body: {}, from: 'person/ann', kind: 'signal' } as const;
      await journal.post({ ...late, to: 'house/house-log', run: 'house-log' });
      await journal.dropMail('house-log', 'late');
      await start(stage, 'mail-log', 'Ask Ada.');
      await stage.runtime.advance('10s');
      cut();
    },
    goOn: (stage) =>
      ended(stage, ['mail-log', 'house-log'], {
        answers: { 'mail-log': { approved: true } },
        meanwhile: (house) => leave(stage, house),
      }),
  },
} satisfies Record<string, Story>;
export type StoryName = keyof typeof stories;

/** Starts a house and parks it with a restarted child, dead letters, an answered question, an event of its child, and a signal in its inbox. */
async function furnish(stage: Stage, run: string): Promise<void> {
  const { runtime } = stage;
  const house = await start(stage, run, houseInput);
  await runtime.settle();
  for (const type of ['ring', 'shout', 'knock']) {
    await runtime.signal(house.root, { type });
    await runtime.settle();
  }
  await house.ref(House).ask('add', 2, { id: 'one' });
  await runtime.advance('61s');
  await runtime.signal(house.root, { type: 'close' });
  await runtime.settle();
  await house.park();
  // One message that it does not understand, and one that it does. Each is in the inbox when the run is resumed.
  for (const id of ['odd', 'bell']) {
    const type = id === 'odd' ? 'odd' : 'shout';
    await runtime.journal.post({ id, type, body: {}, from: 'person/ann', to: house.root, run, kind: 'signal' });
    const again = await resume(stage, run);
    await runtime.settle();
    await again.park();
  }
  await runtime.signal(house.root, { type: 'open' });
}

/** Another process takes the run and puts the result of a pending effect into the ledger: what is stored when it is killed between the result and the step that takes it. */
async function keepResult({ runtime }: Stage, run: string): Promise<void> {
  const { journal } = runtime;
  const epoch = await journal.claim(run, 'another process', { now: runtime.now(), ttl: 60_000 });
  const [root] = await journal.find({ run, parent: null });
  const weighing = (await journal.load(root!.actor))!.pending.find(({ kind }) => kind === 'effect')!;
  const outcome = { ok: true, output: 300 } as const;
  const result = { key: weighing.key, name: 'weigh', input: { cups: 3 }, outcome };
  await journal.record(run, epoch, root!.actor, runtime.now(), result);
}

/** Another process takes the run and stores a step that sends a short and a long message: what is stored when it is killed before they are delivered. */
async function sendTexts({ runtime }: Stage, run: string): Promise<void> {
  const { journal } = runtime;
  const epoch = await journal.claim(run, 'another process', { now: runtime.now(), ttl: 60_000 });
  const [[root], [reader]] = [await journal.find({ run, parent: null }), await journal.find({ run, type: 'reader' })];
  const seq = root!.seq + 1;
  const opens = ['tea', 'milk '.repeat(1_000)].map((text, index) => {
    const key = `${root!.actor}/${seq}/${index}`;
    const data = {
      id: key,
      type: 'read',
      body: { text },
      from: root!.actor,
      to: reader!.actor,
      run,
      kind: 'signal',
    } as const;
    return { key, kind: 'message' as const, data };
  });
  const event = { id: 'send-texts', type: 'send', body: {}, inbox: true };
  const none = { closes: [], results: [], appends: [] };
  await journal.commit({ ...root!, seq, epoch, updated: runtime.now(), event, opens, ...none });
  await journal.release(run, epoch);
}

/** Ends a house. A question that was answered before gets the same answer again; a new one is answered from the stored context. */
async function leave({ runtime }: Stage, house: RunHandle): Promise<void> {
  const asked = house.ref(House);
  const sums = [await asked.ask('add', 2, { id: 'one' }), await asked.ask('add', 3)].map(({ body }) => body);
  if (sums.join() !== '2,5') throw new Error(`The house counts ${sums.join()}.`);
  await runtime.signal(house.root, { type: 'leave' });
  await runtime.settle();
}
