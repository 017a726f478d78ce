/**
 * Preloaded into a worker with `--import`: switches off the rule that a call has an open connection in hand before it
 * takes its permit. Connections are opened when the request is sent, as the pools of HTTP clients do.
 */
import { type Connection, Connections } from '../../worker/api/connections.ts'

const { take, giveBack, discard } = Connections.prototype
const openedFor = new WeakMap<Connection, Connection>()

Connections.prototype.take = async function (): Promise<Connection> {
  const late: Connection = {
    isOpen: () => true,
    dispatch: (options, handler) => {
      void take.call(this).then(opened => {
        openedFor.set(late, opened)
        opened.dispatch(options, handler)
      })
      return true
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
