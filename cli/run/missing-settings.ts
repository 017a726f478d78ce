import { loadSettings } from '../../config/load-settings.ts'
import type { Shell } from '../shell.ts'
import type { Environment } from '../surroundings.ts'
import { runSettings } from './run-settings.ts'

export async function completeSettings(shell: Shell): Promise<Environment> {
  loadSettings(shell.environment, runSettings)
  return shell.environment
}
