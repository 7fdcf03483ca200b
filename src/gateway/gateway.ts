import type { Clock } from '../contracts/clock.ts';
import type {
  Model,
  ModelAnswer,
  ModelChoice,
  ModelPart,
  ModelRequest,
  ModelScope,
  ToolCall,
} from '../contracts/model.ts';
export interface GatewayOptions {
  clock: Clock;
  env: Readonly<Record<string, string | undefined>>;
}
export interface Gateway {
  answer(c: ModelChoice, r: ModelRequest, s: ModelScope, onPart?: (p: ModelPart) => void): Promise<ModelAnswer>;
}
export function gateway(_: GatewayOptions): Gateway {
  return {
    async answer(c, r, s, onPart) {
      const m = [c].flat()[0] as Model;
      let text = '';
      const calls: ToolCall[] = [];
      for await (const p of m.stream(r, s)) {
        onPart?.(p);
        if (p.type === 'text') text += p.text;
        if (p.type === 'call') calls.push(p.call);
        if (p.type === 'finish') return { text, calls, reason: p.reason, usage: p.usage, model: p.model };
      }
      throw new Error('cut');
    },
  };
}
