/** A long answer, token by token, while a guardrail looks for a pattern in it. */
import type { Model, ModelPart } from '../../../src/contracts/model.ts';
import type { Row, Scope, Timed } from '../row.ts';
import { repeated, requireDone } from './loop.ts';

const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reported: true, usd: 0 };
const pattern = /\b\d{16}\b/;

/** Answers with so many tokens of five characters. */
const talkingModel = (tokens: number): Model => ({
  id: 'bench:model',
  async *stream(): AsyncGenerator<ModelPart> {
    for (let n = 0; n < tokens; n++) yield { type: 'text', text: 'word ' };
    yield { type: 'finish', reason: 'stop', usage, model: 'bench:model' };
  },
});

/** By hand: the end of what came is looked at, with an overlap that no match is longer than. */
async function byHand(model: Model): Promise<string> {
  const said: string[] = [];
  let tail = '';
  const scope = { key: 'k', signal: new AbortController().signal, deadline: undefined };
  for await (const part of model.stream(
    { instructions: '', messages: [{ role: 'user', text: 'go' }], tools: [] },
    scope,
  )) {
    if (part.type !== 'text') continue;
    said.push(part.text);
    // Not the whole text: to look at the end of a text that grows copies all of it.
    tail = (tail + part.text).slice(-part.text.length - 18);
    if (pattern.test(tail)) throw new Error('No text has the pattern.');
  }
  return said.join('');
}

async function talk({ load }: Scope, tokens: number, isGuarded: boolean) {
  const { agent, guarded, guardrails, openRuntime } = await load('src/index');
  const plain = agent({ name: 'talker', model: talkingModel(tokens), budget: { tokens: 1_000_000_000 } });
  const subject = isGuarded ? guarded(plain, [guardrails.output([pattern])]) : plain;
  return async (timed: Timed) => {
    await using runtime = await openRuntime({ db: 'memory' });
    return await timed(async () => requireDone((await runtime.start(subject, 'go')).outcome()));
  };
}

export const guardedStream = (tokens: number): Row => ({
  name: `stream-${tokens}`,
  title: `an answer of ${tokens} tokens, a pattern looked for while it streams`,
  unit: 'token',
  units: tokens,
  columns: [{ figure: 'busy', goals: [{ of: 'troupe, guarded', atMost: 8 }] }],
  rounds: 3,
  contestants: [
    {
      name: 'by hand',
      times: 10,
      open: () => (timed) => timed(() => repeated(10, () => byHand(talkingModel(tokens)))),
    },
    { name: 'troupe, no guardrail', ours: true, open: (scope) => talk(scope, tokens, false) },
    { name: 'troupe, guarded', ours: true, open: (scope) => talk(scope, tokens, true) },
  ],
});
