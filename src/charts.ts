/** The chart of anything that can be run, as JSON: for drawing, and for the inspector. */
import type { Subject } from './subject.ts';

/** A state as XState describes it: only what a picture needs. */
export interface ChartNode {
  readonly id: string;
  readonly key: string;
  readonly type: string;
  readonly initial?: { readonly target: readonly string[] } | null;
  readonly states: Readonly<Record<string, ChartNode>>;
  readonly transitions: readonly {
    readonly source: string;
    readonly target?: readonly string[];
    readonly eventType: string;
    readonly guard?: unknown;
  }[];
}

/** Of a machine its own chart; of an agent or a team the chart that it is run by. */
export async function chartOf(subject: Subject): Promise<ChartNode> {
  const machine = subject.kind === 'machine' ? subject.type.chart.machine : await ours(subject.kind);
  return JSON.parse(JSON.stringify(machine.definition)) as ChartNode;
}

async function ours(kind: 'agent' | 'team') {
  const { agentMachine, runMachine } = await import('../machines/index.ts');
  return kind === 'agent' ? agentMachine : runMachine;
}
