import { describe, expect, it } from 'vitest'
import { watchParent } from '../../../worker/parent-watch.ts'

const NPM = { npm_command: 'exec' }

/** Watches in a made-up family of processes; `look` is what the timer does. */
function watch(environment: Record<string, string>, family: Map<number, number>) {
  let looks = 0
  let gone = 0
  let act: (() => void) | undefined
  const stop = watchParent(
    environment,
    () => {
      gone += 1
    },
    {
      parentOf: pid => {
        looks += 1
        return family.get(pid)
      },
      every: (_ms, look) => {
        act = look
        return () => {
          act = undefined
        }
      },
    },
  )
  return { stop, look: () => act?.(), gone: () => gone, looks: () => looks }
}

describe('the watch over npm', () => {
  it('tells once that the parent is gone', () => {
    const family = new Map([
      [process.pid, 20],
      [20, 10],
    ])
    const { look, gone } = watch(NPM, family)
    look()
    expect(gone()).toBe(0)
    family.set(process.pid, 1)
    look()
    look()
    expect(gone()).toBe(1)
  })

  it('sees the end of npm behind a shell that stays', () => {
    const family = new Map([
      [process.pid, 20],
      [20, 10],
    ])
    const { look, gone } = watch({ npm_lifecycle_event: 'start' }, family)
    family.set(20, 1)
    look()
    expect(gone()).toBe(1)
  })

  it('leaves alone what npm did not start, such as a service or a job in the background', () => {
    const { look, gone, looks } = watch({}, new Map([[process.pid, 20]]))
    look()
    expect(gone()).toBe(0)
    expect(looks()).toBe(0)
  })

  it('watches the parent alone on a system that tells no more', () => {
    const family = new Map([[process.pid, 20]])
    const { look, gone } = watch(NPM, family)
    look()
    expect(gone()).toBe(0)
    family.set(process.pid, 1)
    look()
    expect(gone()).toBe(1)
  })

  it('ends when it is told to', () => {
    const family = new Map([[process.pid, 20]])
    const { stop, look, gone } = watch(NPM, family)
    stop()
    family.set(process.pid, 1)
    look()
    expect(gone()).toBe(0)
  })
})
