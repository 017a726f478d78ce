/**
 * Preloaded into a worker with `--import`: blocks its event loop for half a second in every second, from the first call
 * of SIGUSR2 on, as a long computation or a pause of the virtual machine would.
 */
const BLOCKED_MS = 500
const EVERY_MS = 1000

const nothing = new Int32Array(new SharedArrayBuffer(4))

process.once('SIGUSR2', () => {
  setInterval(() => Atomics.wait(nothing, 0, 0, BLOCKED_MS), EVERY_MS).unref()
})
