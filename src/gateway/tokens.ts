/** Tokens of an answer: as the provider counted them, or estimated where it did not. Four characters are about a token. */
import type { ModelRequest, Usage } from '../contracts/model.ts';

const tokensIn = (characters: number): number => Math.ceil(characters / 4);

/** Its transcript is only measured where a count is missing. */
export const inputTokensOf = ({ instructions, messages, tools }: ModelRequest): number =>
  tokensIn(
    instructions.length + JSON.stringify(messages).length + (tools.length > 0 ? JSON.stringify(tools).length : 0),
  );

/** What an attempt used that reported nothing: it read the request, and wrote so many characters. */
export const estimatedUsage = (request: ModelRequest, written: number): Usage => ({
  inputTokens: inputTokensOf(request),
  outputTokens: tokensIn(written),
  cachedTokens: 0,
  reported: false,
  usd: null,
});

/**
 * The usage with estimates for counts that cannot be: every request has input, and an answer of some characters has output. A provider that
 * reports zeros would otherwise be free, and no budget would ever end.
 */
export function plausibleUsage(usage: Usage, request: ModelRequest, written: number): Usage {
  const isInputMissing = usage.inputTokens === 0;
  const isOutputMissing = usage.outputTokens === 0 && written > 0;
  if (!isInputMissing && !isOutputMissing) return usage;
  const estimate = estimatedUsage(request, written);
  return {
    ...usage,
    inputTokens: isInputMissing ? estimate.inputTokens : usage.inputTokens,
    outputTokens: isOutputMissing ? estimate.outputTokens : usage.outputTokens,
    reported: false,
  };
}
