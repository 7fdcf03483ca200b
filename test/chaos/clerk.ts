/** The agent of the chaos tests: it reads from and writes to an outside service, turn by turn. */
import { agent, tool } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { z } from 'zod';

export const turns = 6;
const serviceUrl = process.env.CHAOS_WORLD!;
/** Ends a hang only: on a busy machine, and on a clock that runs ten times as fast, a call or a phase takes as long as it takes. */
const patience = 60 * 60 * 1_000;
/** Two runs share no shelf. */
const Shelf = z.object({ room: z.string(), shelf: z.number() });

/** Repeats a call under the same key when its reply is lost or the service is busy, so often that giving up is improbable. */
async function callService(path: string, key: string, signal: AbortSignal): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await fetch(`${serviceUrl}${path}`, {
        method: 'POST',
        headers: { 'idempotency-key': key },
        signal,
      });
      if (answer.ok) return await answer.text();
      throw new Error(`The service answered ${answer.status}.`);
    } catch (thrown) {
      if (signal.aborted || attempt === 12) throw thrown;
    }
  }
}

const look = tool({
  name: 'look',
  description: 'Looks at a shelf.',
  input: Shelf,
  output: z.string(),
  timeout: patience,
  run: ({ room, shelf }, { key, signal }) => callService(`/look/${room}/${shelf}`, key, signal),
});

const put = tool({
  name: 'put',
  description: 'Puts something on a shelf.',
  effect: 'write',
  idempotent: true,
  input: Shelf,
  output: z.string(),
  timeout: patience,
  run: ({ room, shelf }, { key, signal }) => callService(`/put/${room}/${shelf}`, key, signal),
});

export default agent({
  name: 'clerk',
  instructions: 'Fill the shelves of the room you are told.',
  tools: [look, put],
  limits: { phaseTimeout: patience },
  // By the conversation, not by a counter: after a restart the model continues at the same point. It does not go on from a call that failed.
  model: scriptedModel(({ messages }) => {
    const [task] = messages;
    const latest = messages.at(-1);
    const failed = latest?.role === 'tool' ? latest.results.find(({ ok }) => !ok) : undefined;
    if (failed) return { text: `${failed.name} failed: ${failed.content}` };
    const room = task?.role === 'user' ? task.text : '';
    const shelf = (messages.length - 1) / 2;
    if (shelf === turns) return { text: `Filled ${turns} shelves of ${room}.` };
    return {
      calls: [
        { name: 'look', input: { room, shelf } },
        { name: 'put', input: { room, shelf } },
      ],
    };
  }),
});
