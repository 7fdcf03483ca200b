import type { Model, ModelRequest } from '../contracts/model.ts';
export interface Step {
  text?: string;
  calls?: { name: string; input: any; id?: string }[];
}
export function scriptedModel(steps: (Step | ((r: ModelRequest) => Step))[] | ((r: ModelRequest) => Step)): Model {
  let n = 0;
  return {
    id: 'scripted:x',
    async *stream(r) {
      const s0 = typeof steps === 'function' ? steps : steps[n++];
      if (!s0) throw new Error('script used up');
      const s = typeof s0 === 'function' ? s0(r) : s0;
      if (s.text) yield { type: 'text', text: s.text };
      let i = 0;
      for (const c of s.calls ?? [])
        yield { type: 'call', call: { id: c.id ?? `call_${r.messages.length}_${i++}`, name: c.name, input: c.input } };
      yield {
        type: 'finish',
        reason: s.calls ? 'calls' : 'stop',
        usage: { inputTokens: 10, outputTokens: 5, cachedTokens: 0, reported: true, usd: 0 },
        model: 'scripted:x',
      };
    },
  };
}
