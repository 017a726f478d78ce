import { ForeignFleetError } from '../../jobs/job/errors.ts'
import { bindFleet, type FleetContract } from '../../jobs/status/fleet-contract.ts'
import type { RedisConnection } from '../../redis/connection.ts'

/**
 * This worker's bond with its fleet. Redis may lose the fleet's contract (FLUSHALL, a failover), and somebody may bind the
 * fleet to another app meanwhile. The permit script compares the contract before each call; the bond mends it or ends
 * the worker.
 */
export class Bond {
  readonly #bind: () => Promise<void>
  readonly #broken = Promise.withResolvers<ForeignFleetError>()

  constructor(redis: RedisConnection, prefix: string, contract: FleetContract) {
    this.#bind = () => bindFleet(redis, prefix, contract)
  }

  /** Resolves when the fleet turned out to be another one's. The worker must end then. */
  get broken(): Promise<ForeignFleetError> {
    return this.#broken.promise
  }

  /** Binds the fleet again where its contract was lost. Returns whether it is still this worker's fleet. */
  async holds(): Promise<boolean> {
    try {
      await this.#bind()
      return true
    } catch (error) {
      if (!(error instanceof ForeignFleetError)) throw error
      this.#broken.resolve(error)
      return false
    }
  }
}
