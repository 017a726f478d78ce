import { beforeEach, describe, expect, it } from 'vitest'
import { Hand, type Place } from '../../../worker/pool/hand.ts'

const MANY = 256

let nowMs = 0
let hand: Hand
beforeEach(() => {
  nowMs = 0
  hand = new Hand(MANY, { monotonicMs: () => nowMs, epochMs: () => nowMs })
})

/** Takes jobs while some are needed; each does `next` at once. */
function takeAll(next: (place: Place) => void): Place[] {
  const places: Place[] = []
  while (hand.needsJobs) {
    const place = hand.take()
    next(place)
    places.push(place)
  }
  return places
}

const stayInLine = (place: Place): void => place.inLine()

/** Lets this many jobs a second be taken, sent and ended for a second. */
function workFor(perSecond: number): void {
  for (let n = 0; n < perSecond; n++) {
    const place = hand.take()
    place.inLine()
    place.left()
    place.end()
    nowMs += 1000 / perSecond
  }
}

describe('a process asks for another job', () => {
  it('while fewer than a handful wait for their first permit', () => {
    expect(takeAll(stayInLine)).toHaveLength(4)
  })

  it.each([
    [200, 50],
    [50, 13],
    [12, 4],
  ])('while fewer than 0.25 s of its calls wait: at %i a second %i', (perSecond, inLine) => {
    workFor(perSecond)
    expect(takeAll(stayInLine)).toHaveLength(inLine)
  })

  it('whatever jobs wait for that have made their first call', () => {
    for (const place of takeAll(stayInLine)) place.left()
    expect(hand.needsJobs).toBe(true)
    expect(hand.size).toBe(4)
  })

  it('while some are on their way to the line, but not while all of a queue are', () => {
    expect(takeAll(() => {})).toHaveLength(64)
  })

  it('up to its slots', () => {
    const places = takeAll(place => place.left())
    expect([places.length, hand.isFull]).toEqual([MANY, true])
    places[0]?.end()
    expect(hand.isFull).toBe(false)
  })

  it('not while its gate is closed', () => {
    hand.close()
    const place = hand.take()
    place.left()
    expect([hand.needsJobs, place.reserveNext()]).toEqual([false, false])
    hand.open()
    expect([hand.needsJobs, place.reserveNext()]).toEqual([true, true])
  })

  it('as soon as there is room again', async () => {
    const [first] = takeAll(stayInLine)
    let isThere = false
    const waiting = hand.room().then(() => {
      isThere = true
    })
    await Promise.resolve()
    expect(isThere).toBe(false)
    first?.left()
    await waiting
    expect(isThere).toBe(true)
  })
})

describe('the end of a job', () => {
  /** Takes jobs that wait for nothing, and lets them end. */
  const ending = (jobs: number): Place[] =>
    Array.from({ length: jobs }, () => {
      const place = hand.take()
      place.left()
      return place
    })

  it('brings another one along while fewer than 0.38 s of calls wait, so that few must be asked for', () => {
    const places = ending(100)
    nowMs += 2000
    workFor(200)
    const asked = takeAll(stayInLine)
    const brought = places.filter(place => {
      if (!place.reserveNext()) return false
      stayInLine(hand.take())
      place.end()
      return true
    })
    expect([asked.length, brought.length]).toEqual([50, 26])
  })

  it('counts the one that others bring along at the same time', () => {
    takeAll(stayInLine).pop()?.left()
    const places = ending(3)
    expect(places.map(place => place.reserveNext())).toEqual([true, false, false])
    expect(hand.needsJobs).toBe(false)
    for (const place of places) place.end()
    expect(hand.needsJobs).toBe(true)
  })
})

describe('a job in hand', () => {
  it('counts until it ends, once', () => {
    const place = hand.take()
    place.left()
    place.left()
    expect(hand.size).toBe(1)
    place.end()
    place.end()
    expect(hand.size).toBe(0)
  })

  it('that ends in line makes room', () => {
    const [first] = takeAll(stayInLine)
    first?.end()
    expect(hand.needsJobs).toBe(true)
  })
})
