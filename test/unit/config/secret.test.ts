import { Console } from 'node:console'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { format, inspect } from 'node:util'
import { pino } from 'pino'
import { afterAll, describe, expect, it } from 'vitest'
import { Secret } from '../../../config/secret.ts'

const TEXT = 'hush-hush'
const secret = Secret.fromText(TEXT)
const folder = mkdtempSync(join(tmpdir(), 'clear-friends-secret-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Gives the text that a function writes to a stream. */
function written(write: (stream: Writable) => void): string {
  let text = ''
  const stream = new Writable({
    write(chunk, _, done) {
      text += String(chunk)
      done()
    },
  })
  write(stream)
  return text
}

describe('a secret', () => {
  it.each<[string, () => string]>([
    ['String()', () => String(secret)],
    ['a template', () => `key=${secret}`],
    ['joining texts', () => `key=${[secret].join()}`],
    ['JSON', () => JSON.stringify({ key: secret, keys: [secret] })],
    ['inspect', () => inspect(secret)],
    [
      'inspect of what holds it, with everything shown',
      () => inspect({ a: { b: secret } }, { depth: 9, showHidden: true }),
    ],
    ['inspect without the custom way', () => inspect(secret, { customInspect: false, showHidden: true })],
    ['format with %s', () => format('%s', secret)],
    ['format with %o', () => format('%o', secret)],
    ['format with %j', () => format('%j', secret)],
    ['console.log', () => written(stream => new Console(stream).log('key', secret, { secret }))],
    ['console.dir', () => written(stream => new Console(stream).dir({ secret }, { depth: null, showHidden: true }))],
    ['pino', () => written(stream => pino(stream).info({ secret, deep: { secret } }, `with ${secret}`))],
    [
      'pino as an error’s field',
      () => written(stream => pino(stream).error(Object.assign(new Error('no'), { secret }))),
    ],
    ['its own keys', () => JSON.stringify([Object.keys(secret), Object.values(secret), Object.entries(secret)])],
  ])('does not show its text through %s', (_, print) => {
    expect(print()).not.toContain(TEXT)
  })

  it.each([
    ['String()', String(secret)],
    ['JSON', JSON.parse(JSON.stringify(secret))],
    ['inspect', inspect(secret)],
  ])('prints as [redacted] through %s', (_, printed) => {
    expect(printed).toBe('[redacted]')
  })

  it('gives its text to who asks for it by name', () => {
    expect(secret.reveal()).toBe(TEXT)
  })

  it('that was given as text is never another one', () => {
    expect(secret.reload()).toBe(false)
    expect(secret.reveal()).toBe(TEXT)
  })

  it('from a file is read again when asked, and says whether it has changed', () => {
    const file = join(folder, 'key')
    writeFileSync(file, 'first\n')
    const key = Secret.fromFile(file)
    expect(key.reload()).toBe(false)
    writeFileSync(file, 'second\n')
    expect(key.reveal()).toBe('first')
    expect(key.reload()).toBe(true)
    expect(key.reveal()).toBe('second')
    expect(inspect(key, { customInspect: false })).not.toContain('second')
  })

  it('keeps its text when its file has gone', () => {
    const file = join(folder, 'gone')
    writeFileSync(file, 'still here')
    const key = Secret.fromFile(file)
    rmSync(file)
    expect(() => key.reload()).toThrow('ENOENT')
    expect(key.reveal()).toBe('still here')
  })
})
