import { describe, expect, it } from 'vitest'
import { runProgram } from '../../../private-redis/run-program.ts'

const node = (script: string, timeoutMs = 20_000) => runProgram(process.execPath, ['-e', script], { timeoutMs })

describe('a program that is run to its end', () => {
  it('gives what it printed when it ends with 0', async () => {
    expect(await node('process.stdout.write("hello")')).toEqual({ kind: 'done', stdout: 'hello' })
  })

  it('gives the last line of its complaint when it does not', async () => {
    const end = await node('console.log("some"); console.error("first\\nno such package"); process.exit(100)')
    expect(end).toEqual({ kind: 'failed', stdout: 'some\n', reason: 'no such package' })
  })

  it('gives the exit code when it does not complain', async () => {
    expect(await node('process.exit(100)')).toEqual({ kind: 'failed', stdout: '', reason: 'ended with 100' })
  })

  it('is killed when it takes too long', async () => {
    const end = await node('setInterval(() => {}, 1000)', 200)
    expect(end).toEqual({ kind: 'failed', stdout: '', reason: 'took longer than 0.2 s' })
  })

  it('speaks English, whatever the language of the system', async () => {
    expect(await node('process.stdout.write(process.env.LC_ALL)')).toMatchObject({ stdout: 'C' })
  })
})
