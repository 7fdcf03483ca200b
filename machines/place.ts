/** Children that come in numbers are named by their place: `call.0`, `call.1` … A place is used again when it is free. */

/** The place of the child whose end an event tells. */
export const placeOf = (eventType: string): number => Number(eventType.slice(eventType.lastIndexOf('.') + 1));
