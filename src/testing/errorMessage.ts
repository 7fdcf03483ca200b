/** The message of anything that was thrown: code under test may throw values that are not errors. */
export const errorMessageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
