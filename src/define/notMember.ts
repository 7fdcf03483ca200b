/** What was given where only members may be, for an error: a flow is told how teams and flows go together. */
import { describeValue } from '../values/explain.ts';
import { propertiesOf } from '../values/properties.ts';

/** `the flow "x"`, with what to do instead; anything else as a value. */
export function notMember(value: unknown): string {
  const { kind, name } = propertiesOf(value);
  if (kind !== 'flow') return `${describeValue(value)}.`;
  return `the flow ${JSON.stringify(name)}. A flow is no member: it runs agents and teams as its children, flow(name, { uses: [team] }, async (ctx) => ctx.run(team, …)). Or it is a tool of an agent: tools: [asTool(flow, { description })].`;
}
