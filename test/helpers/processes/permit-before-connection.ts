/**
 * Preloaded into a worker with `--import`: switches off the rule that a call has an open connection in hand before it
 * takes its permit. The worker then opens a connection when it sends the request, as the pools of HTTP clients do.
 */
import { type Connection, Connections } from '../../../worker/vendor/connections.ts'

const { take, giveBack, discard } = Connections.prototype
const openedFor = new WeakMap<Connection, Connection>()

Connections.prototype.take = async function (): Promise<Connection> {
  const late: Connection = {
    isOpen: () => true,
    nextLeft: () => new Promise(() => {}),
    request: async (options: Parameters<Connection['request']>[0]) => {
      const opened = await take.call(this)
      openedFor.set(late, opened)
      return opened.request(options)
    },
  }
  return late
}
Connections.prototype.giveBack = function (late): void {
  const opened = openedFor.get(late)
  if (opened !== undefined) giveBack.call(this, opened)
}
Connections.prototype.discard = function (late): void {
  const opened = openedFor.get(late)
  if (opened !== undefined) discard.call(this, opened)
}
