/** A diagram as an SVG picture without scripts or fonts, laid out by elkjs. */
import type { ELK, ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js';
import { escapeControls } from '../../observe/format.ts';
import { loadOptional } from '../../values/optional.ts';
import type { DiagramArrow, DiagramBox, Diagram, CoverageLevel } from './diagram.ts';

/** The approximate width of a letter and height of a line, in pixels, for text of 12 pixels. */
const letterWidth = 7;
const lineHeight = 16;

/** The picture of a diagram. Rejects with `environment` when elkjs is not installed. */
export async function renderSvg(diagram: Diagram): Promise<string> {
  const elk = await engine();
  const bundles = bundled(diagram.arrows);
  const laid = await elk.layout({
    id: '(all)',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': diagram.kind === 'team' ? 'RIGHT' : 'DOWN',
      'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
      'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
      'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
      'elk.spacing.nodeNode': '20',
      'elk.spacing.edgeEdge': '8',
      'elk.spacing.edgeNode': '8',
      'elk.layered.spacing.edgeEdgeBetweenLayers': '8',
      'elk.layered.spacing.nodeNodeBetweenLayers': '24',
      'elk.spacing.edgeLabel': '4',
      'elk.json.shapeCoords': 'ROOT',
      'elk.json.edgeCoords': 'ROOT',
    },
    children: diagram.boxes.map(node),
    edges: bundles.map(edge),
  });
  return drawing(diagram, laid, new Map(bundles.map(({ heat }, i) => [`e${i}`, heat])));
}

async function engine(): Promise<ELK> {
  const { default: Elk } = await loadOptional(
    'elkjs',
    'Without --svg the chart is printed as mermaid text; --svg needs',
    // The declared type of this CommonJS module does not fit how Node imports it.
    async () => (await import('elkjs/lib/elk.bundled.js')) as unknown as { default: new () => ELK },
  );
  return new Elk();
}

function node(box: DiagramBox): ElkNode {
  if (box.kind === 'start') return { id: box.id, width: 12, height: 12 };
  const width = Math.max(48, box.label.length * letterWidth + 24);
  if (box.boxes.length === 0) return { id: box.id, width, height: 34 };
  return {
    id: box.id,
    children: box.boxes.map(node),
    layoutOptions: {
      'elk.padding': `[top=${lineHeight + 18},left=14,bottom=14,right=14]`,
      'elk.nodeSize.constraints': 'MINIMUM_SIZE',
      'elk.nodeSize.minimum': `(${width},60)`,
    },
  };
}

/** Arrows with the same ends become one arrow with several labels. */
function bundled(arrows: readonly DiagramArrow[]): Bundle[] {
  const bundles = new Map<string, Bundle>();
  for (const { from, to, label, coverage } of arrows) {
    const key = JSON.stringify([from, to]);
    const bundle = bundles.get(key) ?? { from, to, labels: [], heat: coverage };
    bundles.set(key, bundle);
    if (label && !bundle.labels.includes(label)) bundle.labels.push(label);
    if (coverage !== bundle.heat) bundle.heat = 'warm';
  }
  return [...bundles.values()];
}
interface Bundle {
  readonly from: string;
  readonly to: string;
  readonly labels: string[];
  heat: CoverageLevel | undefined;
}

const edge = ({ from, to, labels }: Bundle, i: number): ElkExtendedEdge => ({
  id: `e${i}`,
  sources: [from],
  targets: [to],
  labels:
    labels.length > 0
      ? [
          {
            text: labels.join('\n'),
            width: Math.max(...labels.map((label) => label.length)) * (letterWidth - 1) + 4,
            height: labels.length * lineHeight,
          },
        ]
      : [],
});

function drawing(
  { title, boxes }: Diagram,
  laid: ElkNode,
  heats: ReadonlyMap<string, CoverageLevel | undefined>,
): string {
  const byId = new Map<string, DiagramBox>();
  const index = (box: DiagramBox): void => {
    byId.set(box.id, box);
    box.boxes.forEach(index);
  };
  boxes.forEach(index);
  const shapes: string[] = [];
  const walk = (children: readonly ElkNode[] = []): void => {
    for (const child of children) {
      const box = byId.get(child.id);
      if (box) shapes.push(shape(box, child));
      walk(child.children);
    }
  };
  walk(laid.children);
  const hasCoverage = [...byId.values()].some(({ coverage }) => coverage !== undefined);
  const [width, height] = [Math.ceil((laid.width ?? 0) + 8), Math.ceil((laid.height ?? 0) + 8)];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 -4 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12">
<title>${xml(title)}</title>
<style>svg{color-scheme:light dark;--ink:light-dark(#1f2937,#e5e7eb);--box:light-dark(#f8fafc,#1e293b);--line:light-dark(#94a3b8,#64748b)}text{fill:var(--ink)}.box{fill:var(--box);stroke:var(--line)}.parallel{stroke-dasharray:5 4}.final{stroke-width:3}.dot{fill:var(--ink)}.arrow{fill:none;stroke:var(--line)}.label{font-size:11px}${hasCoverage ? heatStyle : ''}</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="#94a3b8"/></marker></defs>
${shapes.join('\n')}
${(laid.edges ?? []).map((edge) => arrow(edge, heats.get(edge.id))).join('\n')}
</svg>
`;
}

const heatStyle =
  '.cold{--box:light-dark(#fecaca,#7f1d1d);--line:#dc2626}.warm{--box:light-dark(#fef08a,#713f12);--line:#ca8a04}.hot{--box:light-dark(#dcfce7,#14532d);--line:#16a34a}';
/** The CSS class of a coverage. */
const heatClass = (heat: CoverageLevel | undefined) => (heat ? ` ${heat}` : '');

function shape(
  { kind, label, boxes, parallel, coverage }: DiagramBox,
  { x = 0, y = 0, width = 0, height = 0 }: ElkNode,
): string {
  if (kind === 'start') return `<circle class="dot" cx="${x + width / 2}" cy="${y + height / 2}" r="6"/>`;
  const at =
    boxes.length > 0
      ? { x: x + 12, y: y + lineHeight + 2, anchor: 'start' }
      : { x: x + width / 2, y: y + height / 2 + 4, anchor: 'middle' };
  return `<rect class="box${kind === 'final' ? ' final' : ''}${parallel ? ' parallel' : ''}${heatClass(coverage)}" x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/><text x="${at.x}" y="${at.y}" text-anchor="${at.anchor}"${boxes.length > 0 ? ' font-weight="600"' : ''}>${xml(label)}</text>`;
}

function arrow({ sections = [], labels = [] }: ElkExtendedEdge, heat: CoverageLevel | undefined): string {
  const paths = sections.map(({ startPoint, bendPoints = [], endPoint }) => {
    const [first, ...rest] = [startPoint, ...bendPoints, endPoint];
    return `<path class="arrow${heatClass(heat)}" marker-end="url(#head)" d="M${first.x} ${first.y}${rest.map(({ x, y }) => `L${x} ${y}`).join('')}"/>`;
  });
  const texts = labels.flatMap(({ text = '', x = 0, y = 0 }) =>
    text
      .split('\n')
      .map((words, i) => `<text class="label" x="${x}" y="${y + 12 + i * lineHeight}">${xml(words)}</text>`),
  );
  return [...paths, ...texts].join('');
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
/** Text in XML; characters that XML cannot hold are shown as escapes. */
const xml = (text: string): string =>
  escapeControls(text).replace(/[&<>"]/g, (character) => entities[character] ?? character);
