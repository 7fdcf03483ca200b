/** A command that the SDK can start instead of its own: it answers each prompt with the next line of a script, and writes down what it was asked. */
import { appendFileSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const folder = process.env.SCRIPT_FOLDER;
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const asked = () => readFileSync(`${folder}/asked`, 'utf8').split('\n').length - 1;

for await (const line of createInterface({ input: process.stdin })) {
  const { type, request_id: id, message } = JSON.parse(line);
  if (type === 'control_request')
    say({ type: 'control_response', response: { subtype: 'success', request_id: id, response: { commands: [] } } });
  if (type !== 'user') continue;
  const answers = JSON.parse(readFileSync(`${folder}/answers`, 'utf8'));
  const answer = answers[asked()];
  appendFileSync(`${folder}/asked`, `${JSON.stringify({ args: process.argv.slice(2), content: message.content })}\n`);
  say({ type: 'system', subtype: 'init', session_id: answer.session_id, tools: [], mcp_servers: [] });
  say({ type: 'assistant', message: { role: 'assistant', content: [{ type: 'text', text: answer.result }] } });
  say({
    type: 'result',
    is_error: false,
    num_turns: 1,
    total_cost_usd: 0.01,
    usage: { input_tokens: 3, output_tokens: 2 },
    ...answer,
  });
}
