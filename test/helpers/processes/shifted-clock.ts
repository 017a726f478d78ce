/**
 * Preloaded into a worker with `--import`: its host's clock is wrong by SHIFT_CLOCK_MS milliseconds. Everything that a
 * worker asks for the time of day goes through `Date`; the steady clock is another one and stays, as it does on a host.
 */
const shiftMs = Number(process.env['SHIFT_CLOCK_MS'])
const RightDate = Date
const now = (): number => RightDate.now() + shiftMs

globalThis.Date = new Proxy(RightDate, {
  apply: () => new RightDate(now()).toString(),
  construct: (_target, args, newTarget) => Reflect.construct(RightDate, args.length === 0 ? [now()] : args, newTarget),
  get: (target, property) => (property === 'now' ? now : Reflect.get(target, property)),
})
