/** What an agent step says to its model beside the prompts of the agent. Projects and recordings know these words: a change is seen in every comparison. */

/** Before the last answer of the main loop. */
export const finalTurnPrompt =
  'You have reached the maximum number of tool calls. Provide your final answer now without requesting any additional tools.';

/** After a text that is not one JSON object. */
export const correctionOfText =
  'Your response was not valid JSON. Please respond with only a valid JSON object and nothing else.';
