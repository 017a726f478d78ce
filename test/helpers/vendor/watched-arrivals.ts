import { readArrivals } from '../../../cli/demo/vendor.ts'
import { captureCalls } from '../network/kernel-stamps.ts'

/** Arrivals of the calls of a command, ms, ascending, and whose stamps they are. */
export interface Arrivals {
  readonly stampedBy: 'the kernel' | 'the vendor'
  readonly stamps: readonly number[]
}

/** Watches arrivals until it is stopped. */
export interface ArrivalWatch {
  /** Gives those so far. */
  read(): Promise<Arrivals>
  stop(): Promise<void>
}

/**
 * Watches the calls of a command that arrive at a simulator: with the kernel's stamps where this user may capture them,
 * else with the simulator's own.
 *
 * @param url of the simulator, plain HTTP
 */
export async function watchArrivals(url: string, command: string): Promise<ArrivalWatch> {
  const capture = await captureCalls(Number(new URL(url).port))
  return {
    read: async () => {
      if (capture === undefined) return { stampedBy: 'the vendor', stamps: await readArrivals(url, command) }
      return { stampedBy: 'the kernel', stamps: await capture.read(command) }
    },
    stop: async () => capture?.stop(),
  }
}
