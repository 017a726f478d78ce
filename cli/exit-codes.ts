/**
 * Exit codes of all commands; 75 and 78 are EX_TEMPFAIL and EX_CONFIG of sysexits.
 *
 * - `remains`: done, but more is left to look after than the operator allows, such as rejected lines or dead letters.
 * - `stopped`: ended before the end, by a signal for instance; the same command may be run again.
 */
export const EXIT = { done: 0, failed: 1, usage: 2, remains: 3, stopped: 75, settings: 78 } as const
