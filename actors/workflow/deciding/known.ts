/** What a decision knows: the workflow, how it was begun, and the records of the steps that have ended. */
import type { StepDefinition } from '../../../src/contracts/workflow/definition.ts';
import type { StepRecord } from '../../../src/contracts/workflow/step.ts';
import type { WorkflowValues } from '../../../src/contracts/workflow/values.ts';
import type { Json } from '../../../src/values/json.ts';
import type { WorkflowStart } from '../../../machines/workflow/effectTypes.ts';
import { outputOf, workflowValues } from '../values.ts';
import type { StepGraph } from './graph.ts';

/** It grows with each step that the decision ends. */
export class Known {
  readonly graph: StepGraph;
  readonly start: WorkflowStart;
  readonly records: Map<string, StepRecord>;
  /** What expressions of the workflow read. */
  readonly values: WorkflowValues;
  readonly #outputs: Record<string, Json> = {};

  constructor(graph: StepGraph, start: WorkflowStart, records: ReadonlyMap<string, StepRecord>) {
    this.graph = graph;
    this.start = start;
    this.records = new Map(records);
    Object.assign(this.#outputs, graph.definition.recorded);
    for (const [id, { end }] of records) this.#outputs[id] = outputOf(end);
    this.values = workflowValues(graph.definition, start, this.#outputs);
  }

  add(record: StepRecord): void {
    this.records.set(record.id, record);
    this.#outputs[record.id] = outputOf(record.end);
  }

  /** What the items of a step can read: of the outputs, those of the steps before it. */
  valuesFor({ after }: StepDefinition): WorkflowValues {
    const step = Object.fromEntries(
      after.flatMap((id) => (id in this.#outputs ? [[id, this.#outputs[id] ?? null]] : [])),
    );
    return { ...this.values, step };
  }

  /** Whether every step has ended. */
  get isComplete(): boolean {
    const { steps } = this.graph.definition;
    return this.records.size >= steps.length && steps.every(({ id }) => this.records.has(id));
  }
}
