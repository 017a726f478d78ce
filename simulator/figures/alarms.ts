import type { CommandName } from '../calls/commands.ts'

/** What the vendor's alarm webhook would report: a call of one app went above 80 % of its ceiling in one second. */
export interface Alarm {
  readonly command: CommandName
  /** Start of that second, monotonic ms. */
  readonly at: number
  /** Calls in that second. */
  readonly calls: number
  readonly limitPerSecond: number
}

const ALARM_RATIO = 0.8
const KEPT_ALARMS = 100

/** Watches whole seconds of every call and keeps the newest 100 alarms and the number of all. */
export class Alarms {
  count = 0
  readonly newest: Alarm[] = []
  readonly #current = new Map<CommandName, { second: number; calls: number }>()

  note(command: CommandName, at: number, limitPerSecond: number): void {
    const second = Math.floor(at / 1_000)
    const current = this.#current.get(command) ?? { second, calls: 0 }
    if (current.second !== second) {
      current.second = second
      current.calls = 0
    }
    current.calls += 1
    this.#current.set(command, current)
    if (current.calls <= limitPerSecond * ALARM_RATIO) return
    const alarm = { command, at: second * 1_000, calls: current.calls, limitPerSecond }
    const known = this.newest.findIndex(other => other.command === command && other.at === alarm.at)
    if (known >= 0) {
      this.newest[known] = alarm
      return
    }
    this.count += 1
    this.newest.push(alarm)
    if (this.newest.length > KEPT_ALARMS) this.newest.shift()
  }
}
