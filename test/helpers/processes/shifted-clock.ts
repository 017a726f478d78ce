/**
 * Preloaded into a worker with `--import`: makes its host's clock wrong by SHIFT_CLOCK_MS milliseconds. A worker reads
 * the time of day through `Date` only. The steady clock stays right, as it does on a host.
 */
const shiftMs = Number(process.env['SHIFT_CLOCK_MS'])
const RightDate = Date
const now = (): number => RightDate.now() + shiftMs

globalThis.Date = new Proxy(RightDate, {
  apply: () => new RightDate(now()).toString(),
  construct: (_target, args, newTarget) => Reflect.construct(RightDate, args.length === 0 ? [now()] : args, newTarget),
  get: (target, property) => (property === 'now' ? now : Reflect.get(target, property)),
})
