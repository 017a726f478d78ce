import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type OrphanGuard, shellWord, startOrphanGuard } from '../../private-redis/orphan-guard.ts'
import { type PrivateRedis, startPrivateRedis } from '../../private-redis/private-redis.ts'
import type { Environment } from '../surroundings.ts'
import { type ChildCommand, startCommand } from './child.ts'

/** Variables that a part may need to be found and to run. They set nothing of clear-friends. */
const PASSED_ON = ['PATH', 'HOME', 'TMPDIR', 'XDG_CACHE_HOME', 'NODE_COMPILE_CACHE']

/**
 * The parts of the demo: processes, a private Redis, a folder.
 *
 * Its life: opened → parts are started; when one of them ends by itself, {@link broken} rejects → closed, which ends all
 * and removes the folder. A guard does that when this process is killed; see `orphan-guard.ts`.
 */
export class DemoParts {
  /** Of the files of the demo. All its processes run in there, so that they read no `.env` of the user. */
  readonly folder: string
  readonly #environment: Environment
  readonly #guard: OrphanGuard
  readonly #running = new Set<ChildProcess>()
  readonly #broken = Promise.withResolvers<never>()
  #redis: PrivateRedis | undefined
  #isClosing = false

  private constructor(folder: string, environment: Environment) {
    this.folder = folder
    this.#environment = Object.fromEntries(PASSED_ON.map(name => [name, environment[name]]))
    this.#guard = startOrphanGuard()
    this.#broken.promise.catch(() => {})
    this.#tellGuard()
  }

  static async open(environment: Environment): Promise<DemoParts> {
    return new DemoParts(await mkdtemp(join(tmpdir(), 'clear-friends-demo-')), environment)
  }

  /** Rejects when a part that should go on has ended. */
  get broken(): Promise<never> {
    return this.#broken.promise
  }

  /** Starts a Redis that goes with the demo. */
  async startRedis(report: (line: string) => void): Promise<PrivateRedis> {
    this.#redis = await startPrivateRedis({ report })
    void this.#redis.gone.then(() => this.#break('Redis has ended.'))
    return this.#redis
  }

  /** Starts a command that goes on until it is stopped, such as a worker. */
  startService(args: readonly string[], settings: Environment): ChildCommand {
    const service = this.startTask(args, settings)
    let isStopped = false
    void service.ended.then(
      code => isStopped || this.#break(`\`clear-friends ${args[0]}\` has ended with exit code ${code}.`),
    )
    return {
      ...service,
      stop: () => {
        isStopped = true
        service.stop()
      },
    }
  }

  /** Starts a command that ends by itself, such as an import. */
  startTask(args: readonly string[], settings: Environment): ChildCommand {
    const command = startCommand(args, { ...this.#environment, ...settings }, this.folder)
    this.#running.add(command.process)
    this.#tellGuard()
    void command.ended.then(() => {
      this.#running.delete(command.process)
      // The system may give the process id to another process now.
      this.#tellGuard()
    })
    return command
  }

  /** Ends all parts at once and removes the folder. */
  async close(): Promise<void> {
    this.#isClosing = true
    const ended = [...this.#running].map(child => new Promise(resolve => child.once('exit', resolve)))
    for (const child of this.#running) child.kill('SIGKILL')
    await Promise.all(ended)
    await this.#redis?.stop()
    await rm(this.folder, { recursive: true, force: true })
    await this.#guard.dismiss()
  }

  #break(what: string): void {
    if (!this.#isClosing) this.#broken.reject(new Error(`The demo cannot go on: ${what}`))
  }

  #tellGuard(): void {
    const kills = [...this.#running].map(({ pid }) => `kill -KILL ${pid}; `).join('')
    this.#guard.onOrphaned(`${kills}rm -rf -- ${shellWord(this.folder)}`)
  }
}
