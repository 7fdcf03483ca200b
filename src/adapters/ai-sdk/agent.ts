/** An agent of the AI SDK that runs inside a flow: its calls, or its whole turns, are checkpoints. */
import type { generateText, ModelMessage, TextStreamPart, ToolSet } from 'ai';
import type { FlowContext } from '../../flow/context.ts';
import { requireCallName } from '../../flow/checkpoint.ts';
import { TroupeError } from '../../values/failure.ts';
import { loadOptional } from '../../values/optional.ts';
import { requireOptions, type OptionNames } from '../../values/options.ts';
import { askApproval, isPersonTool, personToolInTurn, type ApprovalQuestion } from '../personQuestion.ts';
import { recordedCall } from '../savePoint.ts';
import { requireRecording, type RecordingPolicy } from '../toolPolicy.ts';
import { durableModel, type AiSdkModel } from './model.ts';
import { durableTools, type AiSdkTools } from './tools.ts';
import { performTurn, type AiSdkTurn, type AiSdkTurnSettings } from './turn.ts';

/** An agent. Every field but the model may be left out. */
export interface AiSdkAgentOptions extends RecordingPolicy {
  /** A model object, such as `openai('gpt-5-mini')`. */
  readonly model: AiSdkModel;
  /** Its tools by their names; none by default. */
  readonly tools?: AiSdkTools;
  /** What else `generateText` takes: `instructions`, `stopWhen`, `toolApproval`, `output` … One step by default, as there. */
  readonly settings?: AiSdkTurnSettings;
  /** `calls`: each call of the model and of a tool is a checkpoint; the default. `turn`: all of them together are one. */
  readonly strategy?: 'calls' | 'turn';
  /** How people are asked about tools that need an approval. */
  readonly approval?: ApprovalQuestion;
}

const agentOptionNames: OptionNames<AiSdkAgentOptions> = {
  model: true,
  tools: true,
  settings: true,
  strategy: true,
  approval: true,
  checkpoints: true,
  capture: true,
};

/** What an agent is asked: a prompt, or the messages of a conversation. */
export interface AiSdkRequest {
  /** What a user says, as the first message. */
  readonly prompt?: string;
  /** A conversation, instead of a prompt. */
  readonly messages?: readonly ModelMessage[];
  /** Told each part of the stream. In `turn` while it is performed; in `calls` after each call, and again whenever the body is run again. Not streamed by default. */
  readonly onPart?: (part: TextStreamPart<ToolSet>) => void;
}

/** An agent that can be used in any flow. */
export interface AiSdkAgent {
  /** The name that its checkpoints have. */
  readonly name: string;
  /** Works until the model has answered. A tool that needs an approval is a wait of the flow. */
  generate(ctx: FlowContext, request: AiSdkRequest): Promise<AiSdkTurn>;
}

/**
 * Makes an agent of the AI SDK durable.
 * @example const writer = aiSdkAgent('writer', { model: openai('gpt-5-mini'), tools, settings: { stopWhen: stepCountIs(5) } });
 * // in a flow: const { text } = await writer.generate(ctx, { prompt: 'Hello' });
 */
export function aiSdkAgent(name: string, options: AiSdkAgentOptions): AiSdkAgent {
  requireCallName('An agent', name);
  const what = `the agent "${name}"`;
  requireOptions(what, options, agentOptionNames);
  requireRecording(what, options);
  const { model, tools = {}, settings = {}, strategy = 'calls', approval } = options;
  const asking = Object.entries(tools).find(([, tool]) => isPersonTool(tool));
  if (strategy === 'turn' && asking) throw personToolInTurn(what, asking[0], 'Use { strategy: "calls" }.');

  async function turn(ctx: FlowContext, messages: readonly ModelMessage[], onPart: AiSdkRequest['onPart']) {
    const sdk = await loadOptional('ai', `The agent "${name}" needs`, () => import('ai'));
    const policy = { agent: name, checkpoints: options.checkpoints, capture: options.capture };
    const perform = (signal?: AbortSignal): Promise<AiSdkTurn> => {
      const given = {
        ...settings,
        model: durableModel(ctx, model, policy),
        tools: durableTools(ctx, tools, policy),
        messages: [...messages],
        ...(signal ? { abortSignal: signal } : {}),
      };
      // Its type has a branch for prompts, which the compiler does not exclude in a spread.
      return performTurn(sdk, given as Parameters<typeof generateText>[0], onPart);
    };
    if (strategy === 'calls') return perform();
    return recordedCall(ctx, {
      name: `${name}_turn`,
      options: { type: 'agent_turn', ...options.checkpoints?.turn },
      given: messages,
      run: ({ signal }) => perform(signal),
    });
  }

  return {
    name,
    async generate(ctx, { prompt, messages: given, onPart }) {
      if ((prompt === undefined) === (given === undefined))
        throw new TroupeError('invalid', `The agent "${name}" takes either a prompt or messages.`);
      let asked: readonly ModelMessage[] = given ?? [{ role: 'user', content: prompt ?? '' }];
      const done: AiSdkTurn[] = [];
      for (;;) {
        const ended = await turn(ctx, asked, onPart);
        done.push(ended);
        if (ended.approvals.length === 0) return joined(done);
        const answers = await Promise.all(
          ended.approvals.map(async ({ approvalId, tool, input, callId }) => {
            const { approved, reason } = await askApproval(
              ctx,
              { adapter: 'ai-sdk', tool, given: input, callId },
              approval,
            );
            return {
              type: 'tool-approval-response' as const,
              approvalId,
              approved,
              ...(reason === undefined ? {} : { reason }),
            };
          }),
        );
        const answer: ModelMessage = { role: 'tool', content: answers };
        done.push({ ...ended, messages: [answer], usage: {}, steps: 0 });
        asked = [...asked, ...ended.messages, answer];
      }
    },
  };
}

/** The last turn, with the messages, steps and tokens of all. */
function joined(turns: readonly AiSdkTurn[]): AiSdkTurn {
  const last = turns.at(-1);
  if (!last) throw new TroupeError('internal', 'An agent has at least one turn.');
  const total = (name: keyof AiSdkTurn['usage']) => {
    const counts = turns.flatMap(({ usage }) => usage[name] ?? []);
    return counts.length === 0 ? {} : { [name]: counts.reduce((a, b) => a + b, 0) };
  };
  return {
    ...last,
    messages: turns.flatMap(({ messages }) => messages),
    steps: turns.reduce((sum, { steps }) => sum + steps, 0),
    usage: { ...total('inputTokens'), ...total('outputTokens'), ...total('totalTokens') },
  };
}
