/**
 * The jobs of a process in virtual time: the real code decides when it takes them (`worker/pool/hand.ts`), and they wait
 * in the real lines, and for each other at their ends. What a job does is the test's.
 */
import { EndsTogether } from '../../../worker/pool/ends-together.ts'
import { Hand, type Place } from '../../../worker/pool/hand.ts'
import { Turnstile } from '../../../worker/vendor/turnstile.ts'
import type { Life, LifeTools } from './virtual-fleet.ts'

/** What a job goes through; `undefined`: it does not. Times in ms. */
export interface VirtualJob {
  /** A handshake before its call. */
  readonly handshakeMs: number | undefined
  /** A wait, and its call once more. */
  readonly repeatAfterMs: number | undefined
  /** A wait, and a look at the list. */
  readonly lookAfterMs: number | undefined
}

/** The queue that all processes share. */
export interface VirtualQueue {
  /** Gives the next job, if one waits. */
  take(): VirtualJob | undefined
  /** From a process to the queue and back. */
  readonly fetchMs: () => number
  /** Called with the number of jobs of a process whose first call has not left. */
  readonly onUnsent: (jobs: number) => void
}

const COMMAND = 'friend_delete_all'
const LOOK = 'friend_get'
/** As in `paced-call.ts`. */
const NEXT_IN_LINE = 32
const SLOTS = 256
const ANSWER_MS = 50
/** BullMQ's fetch waits for a job; here it looks again. */
const LOOK_AGAIN_MS = 20

/** Makes the life of a process that takes jobs as the pool does. */
export function takeJobs(queue: VirtualQueue): Life {
  return async tools => {
    const hand = new Hand(SLOTS, tools.clock)
    const work = createWork(tools, queue)
    const ends = new EndsTogether(tools.timers)
    const begin = async (job: VirtualJob | undefined): Promise<void> => {
      if (job === undefined) return
      const place = hand.take()
      await work(job, place)
      await ends.join(hand.isFull)
      if (place.reserveNext()) {
        await tools.wait(queue.fetchMs())
        void begin(queue.take())
      }
      place.end()
    }
    while (!tools.isDead()) {
      await hand.room()
      await tools.wait(queue.fetchMs())
      const job = queue.take()
      if (job === undefined) await tools.wait(LOOK_AGAIN_MS)
      void begin(job)
    }
  }
}

/** Makes the work on a job, as `processJob` and `requestOnce` do it. */
function createWork(
  { limiter, call, wait }: LifeTools,
  { onUnsent }: VirtualQueue,
): (job: VirtualJob, place: Place) => Promise<void> {
  const turnstile = new Turnstile(NEXT_IN_LINE)
  let unsent = 0
  const tell = (change: number): void => {
    unsent += change
    onUnsent(unsent)
  }
  return async ({ handshakeMs, repeatAfterMs, lookAfterMs }, place) => {
    tell(1)
    if (turnstile.isFull) place.inLine()
    await turnstile.enter(0)
    if (handshakeMs !== undefined) await wait(handshakeMs)
    place.inLine()
    const paced = await limiter.pace(COMMAND, call)
    turnstile.leave()
    place.left()
    tell(-1)
    if (paced.kind === 'sent') await paced.value.then(paced.answered)
    if (repeatAfterMs !== undefined) {
      await wait(repeatAfterMs)
      const repeated = await limiter.pace(COMMAND, call, { rank: -1 })
      if (repeated.kind === 'sent') await repeated.value
    }
    if (lookAfterMs !== undefined) {
      await wait(lookAfterMs)
      await limiter.pace(LOOK, () => {})
      await wait(ANSWER_MS)
    }
  }
}
