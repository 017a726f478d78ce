/**
 * Exit codes of all commands; 78 is EX_CONFIG of sysexits. `remains`: done, but more is left to look after than the
 * operator allows, such as rejected lines.
 */
export const EXIT = { done: 0, failed: 1, usage: 2, remains: 3, settings: 78 } as const
