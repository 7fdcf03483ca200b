/** Sanitizes a list of tools from a source that is not trusted: bounds its size, and checks names and texts. */
import { toFailure, TroupeError, type Failure } from '../values/failure.ts';
import type { ToolInfo } from '../contracts/model.ts';
import { isForeignToolName } from './toolNames.ts';
import { cutText } from '../values/text.ts';

/** The most tools of one source: models choose badly among more. */
export const maxTools = 256;
/** The longest description of a tool, in bytes. */
export const maxDescriptionBytes = 8 * 1024;
/** The largest input schema of a tool, in bytes. */
export const maxSchemaBytes = 64 * 1024;

/** A sanitized list. */
export interface SanitizedTools {
  /** The tools that may be offered. */
  readonly tools: readonly ToolInfo[];
  /** Why tools were left out. */
  readonly problems: readonly Failure[];
}

/** Leaves out tools that cannot be offered. Throws `environment` when there are too many. */
export function sanitizeTools(source: string, listed: readonly ToolInfo[]): SanitizedTools {
  requireCount(source, listed.length);
  const tools = new Map<string, ToolInfo>();
  const problems: Failure[] = [];
  const leaveOut = (name: unknown, why: string) =>
    problems.push(
      toFailure(
        new TroupeError(
          'tool',
          `Tool ${JSON.stringify(cutText(String(name), 80))} of "${source}" is left out: ${why}.`,
        ),
      ),
    );

  for (const tool of listed) {
    if (!isForeignToolName(tool.name)) leaveOut(tool.name, 'its name is empty, or longer than 1,024 characters');
    else if (tools.has(tool.name)) leaveOut(tool.name, 'another one has that name');
    else if (bytes(JSON.stringify(tool.input)) > maxSchemaBytes)
      leaveOut(tool.name, `its input schema is larger than ${maxSchemaBytes / 1024} KB`);
    else tools.set(tool.name, { ...tool, description: sanitizeDescription(tool.description) });
  }
  return { tools: [...tools.values()], problems };
}

/** Throws `environment` when a source has too many tools. */
export function requireCount(source: string, count: number): void {
  if (count <= maxTools) return;
  throw new TroupeError(
    'environment',
    `"${source}" offers ${count} tools or more; at most ${maxTools} are taken. Use a server, or settings of it, with fewer.`,
    {
      data: { source, count, gone: true },
    },
  );
}

/** The text without characters that people do not see and models read, cut at 8 KB. */
export function sanitizeDescription(description: string): string {
  const visible = cutText(description, maxDescriptionBytes * 2)
    .toWellFormed()
    .replace(hidden, '');
  if (bytes(visible) <= maxDescriptionBytes) return visible;
  const cut = Buffer.from(visible)
    .subarray(0, maxDescriptionBytes - 4)
    .toString();
  return `${cut.replace(/\uFFFD$/, '')}…`;
}

/** Control and format characters (bidirectional marks, zero-width ones, tags) but for tab and newline, and selectors that can carry hidden text. */
const hidden = /(?![\t\n])[\p{Cc}\p{Cf}\u{E0100}-\u{E01EF}]/gu;

const bytes = (text: string) => Buffer.byteLength(text);
