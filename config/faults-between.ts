import type { SettingFault } from './setting-fault.ts'
import type { Settings } from './settings.ts'
import { withoutPassword } from './without-password.ts'

/**
 * Finds faults of settings that are right by themselves but not together.
 *
 * @param faulty names of settings that are reported already
 */
export function faultsBetween(values: Partial<Settings>, faulty: ReadonlySet<string>): SettingFault[] {
  const faults: SettingFault[] = []
  if (values.REDIS_SENTINELS !== undefined && values.REDIS_SENTINEL_NAME === undefined) {
    faults.push({ name: 'REDIS_SENTINEL_NAME', found: 'not set', expected: 'a name, since REDIS_SENTINELS is set' })
  }
  if (
    values.REDIS_SENTINEL_NAME !== undefined &&
    values.REDIS_SENTINELS === undefined &&
    !faulty.has('REDIS_SENTINELS')
  ) {
    faults.push({ name: 'REDIS_SENTINELS', found: 'not set', expected: 'host:port, since REDIS_SENTINEL_NAME is set' })
  }
  if (values.REDIS_SENTINELS !== undefined && values.REDIS_CLUSTER_NODES !== undefined) {
    faults.push({
      name: 'REDIS_CLUSTER_NODES',
      found: 'set, and REDIS_SENTINELS is set too',
      expected: 'one of the two',
    })
  }
  if (values.REDIS_CLUSTER_NODES !== undefined) faults.push(...faultsWithCluster(values))
  return faults
}

function faultsWithCluster({ REDIS_PREFIX: prefix, REDIS_URL: url }: Partial<Settings>): SettingFault[] {
  const faults: SettingFault[] = []
  // Redis' hash tag is the text between the first opening brace and the next closing one, if it is not empty.
  if (prefix !== undefined && !/^[^{]*\{[^}]+\}/.test(prefix)) {
    faults.push({
      name: 'REDIS_PREFIX',
      found: `"${prefix}"`,
      expected: 'a hash tag in braces, since REDIS_CLUSTER_NODES is set',
    })
  }
  if (url !== undefined && /^\/0*[1-9]/.test(new URL(url).pathname)) {
    faults.push({
      name: 'REDIS_URL',
      found: `"${withoutPassword(url)}"`,
      expected: 'no database number, since REDIS_CLUSTER_NODES is set',
    })
  }
  return faults
}
