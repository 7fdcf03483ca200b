/** How many of our files something passes through: those in which a function was called, as Node counts them. */
import { Session } from 'node:inspector/promises';
import type { Model, ModelPart } from '../../../src/contracts/model.ts';
import type { Row, Scope } from '../row.ts';
import { agentWith, callingModel } from './loop.ts';

export const path = (goals: { message: number; toolCall: number; resume: number }): Row => ({
  name: 'path',
  title:
    'files of ours that are passed: a message to an actor until it is committed, a tool call there and back, a resumed run until it works',
  unit: 'path',
  units: 1,
  columns: [
    {
      figure: 'files',
      goals: [
        { of: 'troupe, a message', atMost: goals.message },
        { of: 'troupe, a tool call', atMost: goals.toolCall },
        { of: 'troupe, a resume', atMost: goals.resume },
      ],
    },
  ],
  rounds: 1,
  withoutFloor: true, // A file is a file.
  contestants: [
    { name: 'troupe, a message', ours: true, open: (scope) => async () => ({ files: await messagePath(scope) }) },
    { name: 'troupe, a tool call', ours: true, open: (scope) => async () => ({ files: await toolCallPath(scope) }) },
    { name: 'troupe, a resume', ours: true, open: (scope) => async () => ({ files: await resumePath(scope) }) },
  ],
});

async function messagePath({ load, onEnd }: Scope): Promise<number> {
  const { memory } = await load('src/journal/memory/memory');
  const { systemClock } = await load('src/engine/clock');
  const { Host } = await load('src/engine/host');
  const { inProcess } = await load('src/transport/inProcess');
  const { actorType } = await load('src/engine/nodePlatform');
  const { setup } = await import('xstate');
  const machine = setup({ types: {} as { events: { type: 'inc' } } }).createMachine({
    id: 'ticker',
    initial: 'on',
    states: { on: { on: { inc: {} } } },
  });
  const transport = inProcess();
  const host = new Host({ journal: memory(), transport, clock: systemClock(), lease: { owner: 'bench' } });
  onEnd(() => host.abandon());
  const to = await host.start(actorType(machine), { run: 'r', input: null });
  const tell = (id: string) =>
    transport.send({ id, type: 'inc', body: { type: 'inc' }, from: 'person/p', to, run: 'r', kind: 'signal' });
  await tell('first');
  const counted = await countFiles();
  await tell('second');
  return await counted();
}

/** From the model's answer with the call to the question with its result. */
async function toolCallPath({ load }: Scope): Promise<number> {
  const inner = callingModel(2);
  let counting: (() => Promise<number>) | undefined;
  let files: number | undefined;
  const model: Model = {
    ...inner,
    async *stream(asked, scope): AsyncGenerator<ModelPart> {
      if (counting) files ??= await counting();
      const parts: ModelPart[] = [];
      for await (const part of inner.stream(asked, scope)) parts.push(part);
      // The second turn: the first one also begins what all turns use.
      if (asked.messages.length === 3) counting = await countFiles();
      yield* parts;
    },
  };
  await using subject = await agentWith(load, model, 'memory');
  await subject.run();
  if (files === undefined) throw new Error('The model was not asked again after the call.');
  return files;
}

/** From the start of a parked run in a new runtime until the effect that was under way is performed again. */
async function resumePath({ load }: Scope): Promise<number> {
  const { agent, openRuntime } = await load('src/index');
  const { memory } = await load('src/journal/memory/memory');
  const journal = memory();
  let asked: () => void = () => {};
  const model: Model = {
    id: 'bench:model',
    async *stream(_, { signal }): AsyncGenerator<ModelPart> {
      yield { type: 'text', text: 'so far' };
      asked();
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    },
  };
  const subject = agent({ name: 'bench', model });
  const untilAsked = () => new Promise<void>((resolve) => (asked = resolve));
  const options = { key: 'r' };
  {
    await using first = await openRuntime({ journal });
    const working = untilAsked();
    await first.start(subject, 'go', options);
    await working;
  }
  await using second = await openRuntime({ journal });
  const working = untilAsked();
  const counted = await countFiles();
  await second.start(subject, 'go', options);
  await working;
  return await counted();
}

/** Begins to count; what it gives ends it. */
async function countFiles(): Promise<() => Promise<number>> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  await session.post('Profiler.takePreciseCoverage');
  return async () => {
    const { result } = await session.post('Profiler.takePreciseCoverage');
    session.disconnect();
    const ours = result.filter(
      ({ url }) => /\/(src|machines|actors)\/[^?]*$/.test(url) && !url.includes('/node_modules/'),
    );
    const called = ours.filter(({ functions }) =>
      functions.some(({ functionName, ranges }) => functionName !== '' && (ranges[0]?.count ?? 0) > 0),
    );
    return new Set(called.map(({ url }) => url)).size;
  };
}
