import { Redis } from 'ioredis'

/** Where a connection is cut: before its command number `at`, counted from 1, reaches Redis, or before its answer comes. */
export interface Cut {
  readonly at: number
  readonly when: 'before' | 'after'
}

/** Called with the number of a command before it is sent, and waited for. */
export type OnCommand = (number: number) => Promise<unknown>

/** A connection of a process that is killed: from the cut on no command reaches Redis, and no answer comes back. */
export interface CutConnection {
  readonly redis: Redis
  /** Commands that reached Redis. */
  readonly sent: number
}

/** Opens a connection that is cut at one of its commands. */
export async function cutConnection(
  url: string,
  { at, when }: Cut,
  onCommand: OnCommand = async () => {},
): Promise<CutConnection> {
  const redis = new Redis(url)
  // Commands of the driver itself do not count.
  await redis.ping()
  const send = redis.sendCommand.bind(redis)
  let [asked, sent] = [0, 0]
  redis.sendCommand = (command, stream) => {
    const number = ++asked
    const answer = command.promise.then((value: unknown) => {
      if (number === at) throw new Error('the connection was cut')
      return value
    })
    void onCommand(number).then(() => {
      if (number > at || (number === at && when === 'before'))
        return command.reject(new Error('the connection was cut'))
      sent += 1
      void send(command, stream)
    })
    return answer
  }
  return {
    redis,
    get sent() {
      return sent
    },
  }
}
