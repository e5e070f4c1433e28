// What the page knows of breakers.

export const known = {
  /** By their numbers, which are new when the server is. */
  breakers: new Map(),
  /** How many points there are of each at most. */
  points: 180,
  /** All was told at least once, so a change is news. */
  complete: false,
};
