import { isOlder } from '../redis/redis-version.ts'

/** When the append-only file is synced to disk: after every write, every second, or when the system likes. */
export type AppendFsync = 'always' | 'everysec' | 'no'

/**
 * Gives the settings under which this project wants its Redis, as arguments of the server program: what is written
 * survives a restart, nothing is evicted, small hashes stay small.
 *
 * @param version of the server, since a name has changed with 7.0
 * @param extra further arguments; they come last and win
 */
export function dataServerArguments(
  version: string,
  appendFsync: AppendFsync,
  extra: readonly string[],
): readonly string[] {
  return [
    ...['--appendonly', 'yes', '--appendfsync', appendFsync],
    // The append-only file is the only copy: snapshots on top would fork the server in the middle of a measurement.
    ...['--save', ''],
    ...['--maxmemory-policy', 'noeviction'],
    ...[isOlder(version, '7.0.0') ? '--hash-max-ziplist-value' : '--hash-max-listpack-value', '256'],
    ...extra,
  ]
}
