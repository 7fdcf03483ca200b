/** The recorded runs: what each workflow was given, and what came of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The counters of a step that were recorded. */
export interface RecordedMetrics {
  readonly cost_usd: number;
  readonly llm_calls: number;
  readonly tokens_in: number;
  readonly tokens_out: number;
  readonly tool_calls: number;
}

/** A recorded run. */
export interface RecordedCase {
  readonly id: string;
  readonly http: number;
  readonly input: Readonly<Record<string, string>>;
  readonly process_env: Readonly<Record<string, string>>;
  readonly status: 'complete' | 'failed' | 'running' | null;
  readonly steps: Readonly<
    Record<
      string,
      {
        readonly status: 'complete' | 'skipped' | 'failed';
        readonly output: unknown;
        readonly metrics: RecordedMetrics | null;
      }
    >
  > | null;
  readonly llm_calls: readonly {
    readonly model: string;
    readonly max_tokens: number;
    readonly temperature: number;
    readonly messages: readonly { readonly role: string; readonly content: string }[];
    readonly tools: readonly unknown[] | null;
  }[];
  readonly webhook_calls: readonly { readonly method: string; readonly url: string; readonly body: string }[];
}

/** Where the recorded projects are. */
export const recordedProjects = import.meta.dirname;

/** All recorded runs. */
export const recordedCases: readonly RecordedCase[] = JSON.parse(
  readFileSync(join(recordedProjects, 'cases.json'), 'utf8'),
  // It is a recording of this form.
) as readonly RecordedCase[];
