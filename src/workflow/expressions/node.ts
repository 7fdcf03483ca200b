/** The syntax tree of an expression, as it is evaluated and examined. */
import type { Json } from '../../values/json.ts';

/** How two values are compared. */
export type Comparison = 'EQ' | 'NE' | 'GT' | 'GTE' | 'LT' | 'LTE';

/** One node of the tree. */
export type ExpressionNode =
  | { readonly is: 'current' }
  | { readonly is: 'field'; readonly name: string }
  | { readonly is: 'index'; readonly at: number }
  | { readonly is: 'slice'; readonly from?: number; readonly to?: number; readonly step: number }
  | { readonly is: 'literal'; readonly value: Json }
  /** The right one is evaluated on what the left one gives: `a.b`, `a[0]`, `a | b`. */
  | { readonly is: 'chain'; readonly left: ExpressionNode; readonly right: ExpressionNode }
  | {
      readonly is: 'list projection' | 'value projection';
      readonly left: ExpressionNode;
      readonly right: ExpressionNode;
    }
  | {
      readonly is: 'filter';
      readonly left: ExpressionNode;
      readonly right: ExpressionNode;
      readonly test: ExpressionNode;
    }
  | { readonly is: 'flatten'; readonly of: ExpressionNode }
  | { readonly is: 'compare'; readonly how: Comparison; readonly left: ExpressionNode; readonly right: ExpressionNode }
  | { readonly is: 'and' | 'or'; readonly left: ExpressionNode; readonly right: ExpressionNode }
  | { readonly is: 'not'; readonly of: ExpressionNode }
  | { readonly is: 'list'; readonly items: readonly ExpressionNode[] }
  | { readonly is: 'object'; readonly fields: readonly (readonly [name: string, value: ExpressionNode])[] }
  | { readonly is: 'call'; readonly name: string; readonly args: readonly ExpressionNode[] }
  | { readonly is: 'expression'; readonly of: ExpressionNode };
