import { loadSettings } from '../../config/load-settings.ts'
import type { SettingName } from '../../config/settings.ts'
import { workerSettings } from '../../worker/worker-settings.ts'
import type { Environment } from '../surroundings.ts'

/** The settings that a run needs; its Redis is its own. */
export const runSettings: readonly SettingName[] = [
  ...workerSettings.filter(name => !name.startsWith('REDIS_')),
  'DUE_DAYS',
]

/**
 * Gives the environment of a run's worker and import: that of the user, with the private Redis in place of any other.
 * Health checks get any free port unless the user names one, so that a run does not collide with a worker of the host.
 */
export function runEnvironment(environment: Environment, redisUrl: string): Environment {
  const others = Object.entries(environment).filter(([name]) => !name.startsWith('REDIS_'))
  const port = environment['HTTP_PORT'] || '0'
  return { ...Object.fromEntries(others), REDIS_URL: redisUrl, HTTP_PORT: port }
}

/** Loads the settings of a run's worker. */
export const loadWorkerSettings = (environment: Environment) => loadSettings(environment, workerSettings)
