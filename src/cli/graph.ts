/** `troupe graph`: the chart of what a file defines, as mermaid text or as a picture. */
import type { Cli } from './cli.ts';
import { exit } from './exit.ts';
import { chartDiagram, teamDiagram } from './graph/diagram.ts';
import { mermaid } from './graph/mermaid.ts';
import { inputFrom } from './input.ts';
import { load } from './load.ts';

export async function graph(
  cli: Cli,
  path: string,
  { svg, set }: { svg?: boolean; set: readonly string[] },
): Promise<number> {
  const { subject } = await load(cli.cwd, path, (await inputFrom(cli, undefined, set)).settings);
  const diagram =
    subject.kind === 'team'
      ? teamDiagram(subject)
      : chartDiagram(await (await import('../charts.ts')).chartOf(subject));
  // The layout is large and needed here only.
  cli.out.write(svg ? await (await import('./graph/svg.ts')).picture(diagram) : mermaid(diagram));
  return exit.done;
}
