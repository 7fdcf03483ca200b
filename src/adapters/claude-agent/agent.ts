/** An agent of the Claude Agent SDK that runs inside a flow: each invocation is one checkpoint. */
import type { FlowContext } from '../../flow/context.ts';
import { requireCallName } from '../../flow/checkpoint.ts';
import { TroupeError } from '../../values/failure.ts';
import { requireOptions, type OptionNames } from '../../values/options.ts';
import { modelCapture, requireCapture, type CapturePolicy } from '../capture.ts';
import { modelFacts } from '../modelFacts.ts';
import { recordedCall, requireSavePoint, type SavePointOptions } from '../savePoint.ts';
import { invocationResult, type ClaudeInvocation, type ClaudeMessage } from './invocation.ts';
import { optionsManifest } from './manifest.ts';

/** The function `query` of the SDK, with the options that it takes. */
export type ClaudeQuery<Options extends object> = (call: {
  /** What a user says. */
  prompt: string;
  /** What the SDK is told beside it. */
  options?: Options;
}) => AsyncIterable<ClaudeMessage>;

/** What this adapter itself sets among the options of the SDK. */
interface OwnOptions {
  readonly resume?: string;
  readonly cwd?: string;
  readonly maxTurns?: number;
  readonly abortController: AbortController;
}

/** An agent. Every field but `query` may be left out. */
export interface ClaudeAgentOptions<Options extends object = object> {
  /** The function of the SDK: `import { query } from '@anthropic-ai/claude-agent-sdk'`. */
  readonly query: ClaudeQuery<Options>;
  /** The options of every invocation, or a function that gives them. Which ones were set is recorded, without what could be secret. None by default. */
  readonly options?: Options | (() => Options | Promise<Options>);
  /** How an invocation is recorded. Its type is `agent_turn` by default. */
  readonly checkpoint?: SavePointOptions;
  /** What is saved beside it; see `CapturePolicy`. */
  readonly capture?: Pick<CapturePolicy, 'prompts' | 'responses'>;
}

const claudeOptionNames: OptionNames<ClaudeAgentOptions> = {
  query: true,
  options: true,
  checkpoint: true,
  capture: true,
};

/** What an agent is asked. */
export interface ClaudeRequest {
  /** What a user says. */
  readonly prompt: string;
  /** The session that it goes on with; a new one by default. */
  readonly sessionId?: string;
  /** The folder that it works in; that of the options by default. */
  readonly cwd?: string;
  /** How often the model may be called; as the options say by default. */
  readonly maxTurns?: number;
  /** Told each message while the invocation is performed; none by default. */
  readonly onMessage?: (message: ClaudeMessage) => void;
}

/** An agent that can be used in any flow. */
export interface ClaudeAgent {
  /** The name that its checkpoints have. */
  readonly name: string;
  /** Works until the agent has ended. Rejects with `model` when it ended with an error, `budget` when its turns or its money are used up. */
  run(ctx: FlowContext, request: ClaudeRequest): Promise<ClaudeInvocation>;
}

/**
 * Makes an agent of the Claude Agent SDK durable. What the agent does inside an invocation (commands, edits, tools) is not recorded by itself.
 * @example const reviewer = claudeAgent('reviewer', { query, options: { maxTurns: 20 } });
 * // in a flow: const { text, sessionId } = await reviewer.run(ctx, { prompt: 'Review the change.' });
 */
export function claudeAgent<Options extends object>(name: string, given: ClaudeAgentOptions<Options>): ClaudeAgent {
  requireCallName('An agent', name);
  const what = `the agent "${name}"`;
  requireOptions<object>(what, given, claudeOptionNames);
  const { query, options, checkpoint, capture = {} } = given;
  requireSavePoint(`checkpoint of ${what}`, checkpoint);
  requireCapture(`capture of ${what}`, capture);
  if (typeof query !== 'function')
    throw new TroupeError(
      'definition',
      `${what} needs the function of the SDK: claudeAgent("${name}", { query }), with import { query } from '@anthropic-ai/claude-agent-sdk'.`,
    );

  async function invoke({ prompt, sessionId, cwd, maxTurns, onMessage }: ClaudeRequest, signal: AbortSignal) {
    const controller = new AbortController();
    const stop = () => controller.abort(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    const own: OwnOptions = {
      ...(sessionId === undefined ? {} : { resume: sessionId }),
      ...(cwd === undefined ? {} : { cwd }),
      ...(maxTurns === undefined ? {} : { maxTurns }),
      abortController: controller,
    };
    const base = typeof options === 'function' ? await options() : options;
    const manifest = optionsManifest({ ...base, ...own });
    try {
      // The names of these options are the SDK's own.
      const messages = query({ prompt, options: { ...base, ...own } as unknown as Options });
      return { ...(await invocationResult(what, messages, onMessage)), options: manifest };
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  return {
    name,
    async run(ctx, request) {
      const { prompt, sessionId, cwd, maxTurns } = request;
      const { options: _, ...result } = await recordedCall(ctx, {
        name: `${name}_claude`,
        options: { type: 'agent_turn', ...checkpoint },
        given: { prompt, sessionId: sessionId ?? null, cwd: cwd ?? null, maxTurns: maxTurns ?? null },
        run: ({ signal }) => invoke(request, signal),
        facts: ({ usage, costUsd, numTurns, options: manifest, sessionId: session }) => ({
          llm_calls: { ...modelFacts({ usage }), cost_usd: costUsd },
          claude: { session_id: session, num_turns: numTurns, options: manifest },
        }),
        captured: ({ text }, isRecorded) => modelCapture(capture, { prompt, response: text, isRecorded }),
      });
      return result;
    },
  };
}
