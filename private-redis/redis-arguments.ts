import { isOlder } from '../redis/redis-version.ts'

/** Time at which Redis syncs its append-only file to disk: after every write, every second, or when the system does. */
export type AppendFsync = 'always' | 'everysec' | 'no'

/**
 * Gives the settings that this project wants of its Redis, as arguments of the server program: data survives a restart,
 * nothing is evicted, small hashes stay small.
 *
 * @param version version of the server; one setting has a new name since 7.0
 * @param extra further arguments; they come last and win
 */
export function dataServerArguments(
  version: string,
  appendFsync: AppendFsync,
  extra: readonly string[],
): readonly string[] {
  return [
    ...['--appendonly', 'yes', '--appendfsync', appendFsync],
    // No snapshots: the append-only file holds the data, and a snapshot would fork the server during a measurement.
    ...['--save', ''],
    ...['--maxmemory-policy', 'noeviction'],
    ...[isOlder(version, '7.0.0') ? '--hash-max-ziplist-value' : '--hash-max-listpack-value', '256'],
    ...extra,
  ]
}
