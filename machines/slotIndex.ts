/** Children of one kind are numbered by a slot in a list: `call.0`, `call.1` … A slot that is free is used again. */

/** The slot of the child that an event is about: the number after the last dot of its type. */
export const slotIndexOf = (eventType: string): number => Number(eventType.slice(eventType.lastIndexOf('.') + 1));
