/** What the journal of a runtime has of a step: what was used, and the conversation. */
import type { Artifact } from '../../../contracts/media.ts';
import { artifactList } from '../../../contracts/parts.ts';
import { noMetrics } from '../../../contracts/workflow/metrics.ts';
import { StepMetrics } from '../../../contracts/workflow/step.ts';
import type { Journal } from '../../../journal/journal.ts';
import type { RunHandle } from '../../../runtime/runtime.ts';
import { propertiesOf } from '../../../values/properties.ts';
import type { CallbackPayload } from '../contracts/stepMessages.ts';
import { agentMessage, type BytesOf } from './conversation.ts';

/** What a run has used, what it goes on from included. */
export async function usedBy(journal: Journal, { root }: Pick<RunHandle, 'root'>): Promise<StepMetrics> {
  const [row] = await journal.find({ actor: root });
  const { metrics } = propertiesOf(propertiesOf(propertiesOf(row?.snapshot).state).context);
  return StepMetrics.safeParse(metrics).data ?? noMetrics;
}

const counts = ['duration_ms', 'tokens_in', 'tokens_out', 'cost_usd', 'llm_calls', 'tool_calls'] as const;

/** What was used since. */
export function usedSince(all: StepMetrics, before: StepMetrics): StepMetrics {
  const left: StepMetrics = { ...all };
  for (const name of counts) left[name] = Math.max(0, all[name] - before[name]);
  if (all.reflect_calls !== undefined)
    left.reflect_calls = Math.max(0, all.reflect_calls - (before.reflect_calls ?? 0));
  return left;
}

/** The conversation. One that ends needs no images: nobody goes on with it. */
export async function messagesOf(
  journal: Journal,
  { root }: Pick<RunHandle, 'root'>,
  { withMedia = false } = {},
): Promise<CallbackPayload['messages']> {
  const artifacts = withMedia ? await journal.list(root, artifactList) : [];
  // Only artifacts are appended to it.
  const bytesOf = limitedBytes(artifacts as unknown as readonly Artifact[]);
  return (await journal.list(root, 'transcript')).flatMap((entry) => agentMessage(entry, bytesOf) ?? []);
}

/** So many characters of base64 go along: a body has ten megabytes. */
const maxMedia = 6_000_000;

/** The bytes of artifacts, of the first ones that fit. */
function limitedBytes(artifacts: readonly Artifact[]): BytesOf {
  let left = maxMedia;
  const sent = new Map(
    artifacts.flatMap(({ artifact, data }) => {
      if (data.length > left) return [];
      left -= data.length;
      return [[artifact, data]];
    }),
  );
  return ({ artifact }) => sent.get(artifact);
}
