/** The demo's own check: does every citation name a line that exists? It calls no model. */
import { readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import type { Objective } from 'troupe';

const citation = /\[([^\s[\]]+?):(\d+)\]/g;

/** An objective that is met when each [file:line] of an answer is a non-empty line of a file inside the folder. */
export const citationsHold = (reply: string, folder: string): Objective => ({
  id: `citations-${reply}`,
  says: 'Every claim cites a file and a line that exist.',
  async check({ answer }) {
    const cited = citationsIn(answer.body);
    if (cited.length === 0) return { met: false, says: 'There is no citation at all.' };
    const wrong: string[] = [];
    for (const { file, line } of cited) if (!(await hasLine(folder, file, line))) wrong.push(`${file}:${line}`);
    return wrong.length === 0
      ? { met: true, says: `${cited.length} citations name lines that exist.` }
      : { met: false, says: `These cite nothing: ${wrong.join(', ')}.` };
  },
});

function citationsIn(body: unknown): { file: string; line: number }[] {
  const { facts, text } = body as { facts?: { file: string; line: number }[]; text?: string };
  if (facts) return facts;
  return [...(text ?? '').matchAll(citation)].map(([, file, line]) => ({ file: file!, line: Number(line) }));
}

async function hasLine(folder: string, file: string, line: number): Promise<boolean> {
  const path = resolve(folder, file);
  if (relative(folder, path).startsWith('..')) return false;
  const lines = await readFile(path, 'utf8').then(
    (text) => text.split('\n'),
    () => [],
  );
  return (lines[line - 1] ?? '').trim() !== '';
}
