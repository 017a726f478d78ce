import { judgeVersion, type LookedUp } from './redis-program.ts'
import { runProgram } from './run-program.ts'

/** Image for a Docker engine; docker-compose.yml uses the same. */
export const REDIS_IMAGE = 'redis:8.2-alpine'

const ENGINE_TIMEOUT_MS = 10_000
const PULL_TIMEOUT_MS = 300_000

/**
 * Looks for a Docker engine that runs {@link REDIS_IMAGE}; the engine fetches a missing image.
 *
 * @param report gets one line before the image is fetched
 */
export async function dockerRedis(report: (line: string) => void): Promise<LookedUp> {
  // Docker's client answers without an engine too. Only the engine's version shows that there is one.
  const askEngine = ['version', '--format', '{{.Server.Version}}']
  const engine = await runProgram('docker', askEngine, { timeoutMs: ENGINE_TIMEOUT_MS })
  if (engine.kind === 'failed') return { kind: 'missing', reason: `docker: ${engine.reason}` }
  report(`No Redis on this machine: running ${REDIS_IMAGE} with Docker`)
  const askImage = ['run', '--rm', REDIS_IMAGE, 'redis-server', '--version']
  const image = await runProgram('docker', askImage, { timeoutMs: PULL_TIMEOUT_MS })
  if (image.kind === 'failed') return { kind: 'missing', reason: `docker run ${REDIS_IMAGE}: ${image.reason}` }
  const judged = judgeVersion(image.stdout)
  if (judged.kind === 'missing') return { kind: 'missing', reason: `${REDIS_IMAGE} ${judged.reason}` }
  return { kind: 'found', program: { kind: 'docker', image: REDIS_IMAGE, version: judged.program } }
}
