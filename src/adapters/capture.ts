/** What is saved beside the calls of an agent, for people: it changes nothing about what is recorded or performed. */
import type { ArtifactType } from '../contracts/flow/record.ts';
import type { FlowContext } from '../flow/context.ts';
import { toFailure, TroupeError } from '../values/failure.ts';
import { requireOptions, type OptionNames } from '../values/options.ts';
import { storable } from './storable.ts';

/** How much is kept of the calls of a tool: `full`: what it is given, and its result where no checkpoint records it; `metadata`: that it was called; `off`: nothing. */
export type ToolCapture = 'full' | 'metadata' | 'off';

/** What is saved beside the calls of an agent. Every field may be left out. */
export interface CapturePolicy {
  /** What models are asked, as artifacts of type `prompt`; true by default. */
  readonly prompts?: boolean;
  /** What models answer, as artifacts of type `response`, where no checkpoint records it; true by default. */
  readonly responses?: boolean;
  /** `full` by default. */
  readonly tools?: ToolCapture;
  /** For the tools of these names, instead of `tools`. */
  readonly toolsByName?: Readonly<Record<string, ToolCapture>>;
}

const captureOptionNames: OptionNames<CapturePolicy> = {
  prompts: true,
  responses: true,
  tools: true,
  toolsByName: true,
};

/** Something that is saved: its artifact has the name of the call and this part. */
export interface Captured {
  readonly part: string;
  readonly type: ArtifactType;
  readonly value: unknown;
}

/** Checks a policy. Throws `definition`. */
export function requireCapture(what: string, policy: CapturePolicy | undefined): void {
  requireOptions(what, policy, captureOptionNames);
  const wanted = [policy?.tools, ...Object.values(policy?.toolsByName ?? {})];
  for (const each of wanted)
    if (each !== undefined && !['full', 'metadata', 'off'].includes(each))
      throw new TroupeError(
        'definition',
        `tools of ${what} is one of full, metadata, off; got ${JSON.stringify(each)}.`,
      );
}

/** What is kept of the calls of a tool. */
export const toolCaptureOf = ({ tools = 'full', toolsByName = {} }: CapturePolicy, name: string): ToolCapture =>
  (Object.hasOwn(toolsByName, name) ? toolsByName[name] : undefined) ?? tools;

/** What is saved of a call of a model. */
export const modelCapture = (
  { prompts = true, responses = true }: CapturePolicy,
  {
    prompt,
    response,
    isRecorded,
  }: { readonly prompt: unknown; readonly response: unknown; readonly isRecorded: boolean },
): readonly Captured[] => [
  ...(prompts ? [{ part: 'prompt', type: 'prompt' as const, value: prompt }] : []),
  ...(responses && !isRecorded ? [{ part: 'response', type: 'response' as const, value: response }] : []),
];

/** What is saved of a call of a tool. */
export const toolResultCapture = (
  policy: CapturePolicy,
  name: string,
  { given, result, isRecorded }: { readonly given: unknown; readonly result: unknown; readonly isRecorded: boolean },
): readonly Captured[] =>
  toolCaptureOf(policy, name) === 'full'
    ? [
        { part: 'args', type: 'input', value: given },
        ...(isRecorded ? [] : [{ part: 'result', type: 'output' as const, value: result }]),
      ]
    : [];

/** Saves them in the checkpoint that the present code is in. One that fails is noted, and the work goes on; a runtime without artifacts has none. */
export async function saveCaptured(ctx: FlowContext, name: string, captured: readonly Captured[]): Promise<void> {
  for (const { part, type, value } of captured)
    try {
      await ctx.save(`${name}_${part}`, storable(value).value, { type });
    } catch (thrown) {
      const { kind, message } = toFailure(thrown);
      if (kind !== 'unsupported') ctx.log({ capture_failed: { [`${name}_${part}`]: message.slice(0, 200) } });
    }
}
