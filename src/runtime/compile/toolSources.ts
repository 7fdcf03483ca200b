/** Where the tools of agents come from: the agents that use a server share its connection. */
import { toolServer } from '../../../actors/toolServer.ts';
import type { AgentDeps } from '../../../actors/tools.ts';
import type { ToolSource } from '../../contracts/tool.ts';
import type { AnyAgent } from '../../define/anyMember.ts';
import type { Delegate } from '../../define/delegate.ts';
import type { McpServer } from '../../define/mcpServer.ts';
import { kindOf } from '../../define/schemas.ts';
import { mcpToolSource } from '../../mcp/toolSource.ts';
import { catalog } from '../../tools/catalog.ts';
import { localTools } from '../../tools/local.ts';
import { refCounted } from '../../tools/refCounted.ts';
import type { Tool } from '../../tools/tool.ts';
import type { CompileContext } from './compileContext.ts';

type AnyTool = AnyAgent['tools'][number];

/** Is the tool another definition that does the work? */
export const isDelegate = (tool: AnyTool): tool is Delegate => kindOf(tool) === 'delegate';
const isOwn = (tool: AnyTool): tool is Tool => 'run' in tool;
const isSource = (tool: AnyTool): tool is McpServer | ToolSource => !isOwn(tool) && !isDelegate(tool);

/** Makes a function that gives an agent its tools, its toolbelt, and what is allowed and cleaned up. */
export function toolSources({
  clock,
  opened,
}: CompileContext): (agent: AnyAgent) => Pick<AgentDeps, 'tools' | 'areToolsKnown' | 'toolbelt' | 'allow' | 'cleanUp'> {
  const servers = new WeakMap<object, ToolSource>();

  /** A source that the user made stays the user's to close. */
  const open = (definition: McpServer | ToolSource): ToolSource => {
    if (!('kind' in definition)) return definition;
    const { address, options } = definition;
    const source = mcpToolSource(address, options, { clock, keep: toolServer });
    opened.push(source);
    return source;
  };
  const shared = (definition: McpServer | ToolSource): ToolSource => {
    const source = servers.get(definition) ?? open(definition);
    servers.set(definition, source);
    return source;
  };

  return ({ tools, toolbelt, allow, cleanUp }) => {
    const own = tools.filter(isOwn);
    const all = [...(own.length > 0 ? [localTools(own)] : []), ...tools.filter(isSource).map(shared)];
    return {
      ...(all.length > 0 ? { tools: catalog(all) } : {}),
      areToolsKnown: !tools.some(isSource),
      ...(toolbelt.length > 0 ? { toolbelt: refCounted(toolbelt.map(open)) } : {}),
      ...(allow ? { allow } : {}),
      ...(cleanUp ? { cleanUp } : {}),
    };
  };
}
