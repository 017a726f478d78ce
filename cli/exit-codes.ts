/** Exit codes of all commands; 78 is EX_CONFIG of sysexits. */
export const EXIT = { done: 0, failed: 1, usage: 2, settings: 78 } as const
