/** Which tools of an agent are checkpoints, and with which options. */
import type { JsonObject } from '../values/json.ts';
import { requireOptions, type OptionNames } from '../values/options.ts';
import { requireCapture, toolCaptureOf, toolResultCapture, type CapturePolicy } from './capture.ts';
import { requireSavePoint, type FrameworkCall, type SavePointOptions } from './savePoint.ts';

/** How the calls of an agent are recorded, by their kind. Every field may be left out. */
export interface AgentCheckpoints {
  /** Calls of models. Their type is `llm_call` by default. */
  readonly model?: SavePointOptions;
  /** Calls of tools; `false`: they are no checkpoints, but run in the body of the flow. Their type is `tool_call` by default. */
  readonly tools?: SavePointOptions | false;
  /** For the tools of these names, instead of `tools`. */
  readonly toolsByName?: Readonly<Record<string, SavePointOptions | false>>;
  /** A turn that is one checkpoint as a whole. Its type is `agent_turn` by default. */
  readonly turn?: SavePointOptions;
}

const agentCheckpointNames: OptionNames<AgentCheckpoints> = { model: true, tools: true, toolsByName: true, turn: true };

/** How the calls of an agent are recorded, and what is saved beside them. */
export interface RecordingPolicy {
  /** How the calls are recorded; each as a checkpoint by default. */
  readonly checkpoints?: AgentCheckpoints | undefined;
  /** What is saved beside them. */
  readonly capture?: CapturePolicy | undefined;
}

/** Checks a policy. Throws `definition`. */
export function requireRecording(what: string, { checkpoints, capture }: RecordingPolicy): void {
  requireOptions(`checkpoints of ${what}`, checkpoints, agentCheckpointNames);
  requireSavePoint(`checkpoints.model of ${what}`, checkpoints?.model);
  requireSavePoint(`checkpoints.tools of ${what}`, checkpoints?.tools);
  requireSavePoint(`checkpoints.turn of ${what}`, checkpoints?.turn);
  for (const [name, options] of Object.entries(checkpoints?.toolsByName ?? {}))
    requireSavePoint(`checkpoints.toolsByName["${name}"] of ${what}`, options);
  requireCapture(`capture of ${what}`, capture);
}

/** The options for a tool; false when it is no checkpoint. */
export function toolSavePoint({ checkpoints = {} }: RecordingPolicy, name: string): SavePointOptions | false {
  const { tools = {}, toolsByName = {} } = checkpoints;
  const chosen = Object.hasOwn(toolsByName, name) ? toolsByName[name] : undefined;
  const options = chosen ?? tools;
  return options === false ? false : { type: 'tool_call', ...options };
}

/** The call of a tool. `callId`: the id that the model gave it. */
export const toolCall = (
  policy: RecordingPolicy,
  { tool, given, callId }: { readonly tool: string; readonly given: unknown; readonly callId?: string | undefined },
  options: SavePointOptions,
  run: FrameworkCall<unknown>['run'],
): FrameworkCall<unknown> => {
  const { capture = {} } = policy;
  const about: JsonObject = { tool, ...(callId === undefined ? {} : { call_id: callId }) };
  return {
    name: `${tool}_tool`,
    options,
    given,
    run,
    facts: () => (toolCaptureOf(capture, tool) === 'off' ? {} : { tool_calls: about }),
    captured: (result, isRecorded) => toolResultCapture(capture, tool, { given, result, isRecorded }),
  };
};
