/** A tool source whose list, failures and changes the test controls. */
import { TroupeError } from '../../src/values/failure.ts';
import type { ToolInfo } from '../../src/contracts/model.ts';
import type { ToolSource } from '../../src/contracts/tool.ts';

export const info = (name: string, more: Partial<ToolInfo> = {}): ToolInfo => ({
  name,
  description: name,
  input: { type: 'object' },
  effect: 'read',
  tier: 'core',
  capabilities: [],
  approval: false,
  source: 'fake',
  ...more,
});

export interface FakeSource extends ToolSource {
  tools: readonly ToolInfo[];
  down: boolean;
  optional: boolean;
  lists: number;
  disposed: boolean;
  change(): void;
}

export function fakeSource(name: string, ...names: (string | ToolInfo)[]): FakeSource {
  const listeners = new Set<() => void>();
  return {
    name,
    tools: names.map((one) => (typeof one === 'string' ? info(one) : one)),
    down: false,
    optional: false,
    lists: 0,
    disposed: false,
    list() {
      this.lists++;
      if (this.down) return Promise.reject(new TroupeError('environment', `${name} is down.`, { retryable: true }));
      return Promise.resolve(this.tools);
    },
    call: (tool, input) => Promise.resolve({ source: name, tool, input }),
    idempotent: (tool) => tool === 'again',
    onChange(changed) {
      listeners.add(changed);
      return { [Symbol.dispose]: () => void listeners.delete(changed) };
    },
    change() {
      for (const changed of listeners) changed();
    },
    [Symbol.asyncDispose]() {
      this.disposed = true;
      return Promise.resolve();
    },
  };
}
