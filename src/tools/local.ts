/**
 * Our own functions as a source of tools.
 *
 * What goes into a tool and what comes out has been checked. Every call ends in the time the tool allows, whatever the tool does.
 * Everything that a tool throws leaves as a TroupeError, of kind `tool` unless it said another itself.
 */
import type * as z from 'zod';
import { networkKind, reasonOf } from '../values/cause.ts';
import { toFailure, TroupeError, type FailureKind } from '../values/failure.ts';
import type { Json } from '../values/json.ts';
import type { ToolInfo } from '../contracts/model.ts';
import type { ToolScope, ToolSource } from '../contracts/tool.ts';
import { describeMismatch } from '../values/explain.ts';
import { afterCall, beforeCall } from './annotations.ts';
import { toJson } from './toJson.ts';
import { didYouMean, localSource } from './toolNames.ts';
import type { Tool } from './tool.ts';
import { formatMs, withTimeout } from './timeout.ts';
import { cutText } from '../values/text.ts';

/** A source of these tools. Throws `definition` when two tools have the same name. */
export function localTools(tools: readonly Tool[]): ToolSource {
  const byName = new Map<string, Tool>();
  for (const tool of tools) {
    if (byName.has(tool.name)) {
      throw new TroupeError(
        'definition',
        `Two tools are named "${tool.name}". Rename one: a model could not tell them apart.`,
      );
    }
    byName.set(tool.name, tool);
  }
  const infos = tools.map(infoOf);

  const find = (name: string): Tool => {
    const found = byName.get(name);
    if (found) return found;
    const shown = cutText(name, 80);
    throw new TroupeError('tool', `There is no tool "${shown}".${didYouMean(name, [...byName.keys()])}`, {
      data: { tool: shown },
    });
  };

  return {
    name: localSource,
    list: () => Promise.resolve(infos),
    async call(name, input, scope) {
      const tool = find(name);
      return perform(tool, input, scope, async (parsed, inner) => {
        const output = await tool.run(parsed, inner);
        return afterCall(() => checkOutput(tool, output));
      });
    },
    idempotent(name) {
      const tool = byName.get(name);
      return tool !== undefined && (tool.idempotent || tool.effect !== 'write');
    },
    async reconcile(name, input, scope) {
      const tool = find(name);
      if (!tool.reconcile) return undefined;
      return perform(tool, input, scope, async (parsed, inner) => {
        const found = await tool.reconcile?.(parsed, inner);
        if (!found?.done) return found;
        return { done: true as const, output: await afterCall(() => checkOutput(tool, found.output)) };
      });
    },
    onChange: () => ({ [Symbol.dispose]() {} }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

const infoOf = ({ name, description, schema, effect, tier, capabilities, approval }: Tool): ToolInfo =>
  Object.freeze({ name, description, input: schema, effect, tier, capabilities, approval, source: localSource });

async function parseInput(tool: Tool, input: Json): Promise<unknown> {
  const parsed = await parse(tool, 'input', tool.input, input);
  if (parsed.success) return parsed.data;
  const problem = describeMismatch(parsed.error, input);
  throw new TroupeError(
    'invalid',
    `Tool "${tool.name}" was called with input that does not fit: ${problem}. Call it again with input that fits its schema.`,
    { data: { tool: tool.name } },
  );
}

async function checkOutput(tool: Tool, output: unknown): Promise<Json> {
  const parsed = await parse(tool, 'output', tool.output, output);
  if (parsed.success) return toJson(parsed.data, tool.name);
  const problem = describeMismatch(parsed.error, output);
  throw new TroupeError(
    'tool',
    `Tool "${tool.name}" returned what breaks its output schema: ${problem}. Mend the tool, or its schema.`,
    { data: { tool: tool.name } },
  );
}

/** A schema may run code of its own (refine, transform), and that may throw. */
async function parse(tool: Tool, what: string, schema: z.ZodType, value: unknown) {
  try {
    return await schema.safeParseAsync(value);
  } catch (error) {
    throw toolError(tool, `while its ${what} was checked`, error);
  }
}

/** Checks the input and does the work, both within the time that the tool allows: a check may wait as well, for a database. */
function perform<T>(
  tool: Tool,
  input: Json,
  scope: ToolScope,
  work: (parsed: unknown, scope: ToolScope) => Promise<T>,
): Promise<T> {
  const { key, clock, signal } = scope;
  let isBegun = false;
  const late = () =>
    new TroupeError(
      'timeout',
      isBegun
        ? `Tool "${tool.name}" did not end within ${formatMs(tool.timeout)}. Ask it for less, or give it a longer timeout.`
        : `Tool "${tool.name}" was not called: its input was not checked within ${formatMs(tool.timeout)}. Let the schema of its input wait for less, or give the tool a longer timeout.`,
      { data: { tool: tool.name, timeout: tool.timeout, ...(isBegun ? {} : { sent: false }) } },
    );
  return withTimeout({ clock, timeout: tool.timeout, signal, late }, async (inner) => {
    try {
      const parsed = await beforeCall(() => parseInput(tool, input));
      // Its caller has been answered: what it was told was not begun must not begin.
      inner.throwIfAborted();
      isBegun = true;
      scope.onCall?.({ tool: tool.name, isWrite: tool.effect === 'write', input, key });
      // Progress that a tool reports after its end is ignored.
      return await work(parsed, {
        key,
        clock,
        signal: inner,
        progress: (note) => void (inner.aborted || scope.progress(note)),
      });
    } catch (error) {
      throw toolError(tool, 'while it ran', error);
    }
  });
}

/** What a tool throws: a TroupeError as it is, anything else as an error of the tool. */
function toolError(tool: Tool, when: string, thrown: unknown): TroupeError {
  try {
    if (thrown instanceof TroupeError) return thrown;
    // Network errors and timeouts may be retried; all others are errors of the tool.
    return brokenTool(tool, networkKind(thrown) ?? 'tool', `${when}: ${reasonOf(thrown)}`, thrown);
  } catch {
    // Its properties throw themselves, as those of a revoked proxy do.
    return brokenTool(tool, 'tool', `${when}: ${toFailure(thrown).message}`);
  }
}

const brokenTool = ({ name }: Tool, kind: FailureKind, what: string, cause?: unknown): TroupeError =>
  new TroupeError(kind, `Tool "${name}" threw ${cutText(what, 2_000)}`, { cause, data: { tool: name } });
