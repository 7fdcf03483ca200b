/** A transform as it is run. */

/** What a transform makes of the outputs of other steps. */
export interface TransformDefinition {
  /** Steps whose outputs it begins with; `params` stands for the parameters of the workflow. */
  readonly inputs: readonly string[];
  /** What is done with them, in order. */
  readonly ops: readonly TransformOperation[];
}

/** One operation of a transform; the expressions are bare JMESPath on the item. */
export type TransformOperation =
  | {
      /** Merges the outputs of steps into the data, deeply. */
      readonly op: 'merge';
      /** The steps, or parts of their outputs such as `a.items`. */
      readonly steps: readonly string[];
    }
  | {
      /** Keeps the items for which the expression holds, or replaces each by what it gives. */
      readonly op: 'filter' | 'map';
      /** The expression. */
      readonly expr: string;
    }
  | {
      /** Sorts the items; those without a value are last. */
      readonly op: 'sort';
      /** The expression of the value to sort by. */
      readonly field: string;
      /** Rising or falling. */
      readonly order: 'asc' | 'desc';
    }
  | {
      /** Spreads one level of lists in the list. */
      readonly op: 'flatten';
    }
  | {
      /** Keeps the first item of each value. */
      readonly op: 'deduplicate';
      /** The expression of the value. */
      readonly field: string;
    };
