import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { MALFORMED_KINDS, parseFaultRule } from '../../../simulator/index.ts'
import { runCommand } from '../../helpers/commands/run-command.ts'
import { withSimulator } from './caller.ts'

const page = readFileSync(new URL('../../../docs/simulator.md', import.meta.url), 'utf8')

/** The code spans in the first cells of the tables about faults. */
const firstCells = (): string[] =>
  [...(/^## Faults$(.*?)^## /ms.exec(page)?.[1] ?? '').matchAll(/^\| (.+?) (?<!\\)\|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span.replaceAll('\\|', '|')),
  )

describe('docs/simulator.md', () => {
  test('has every flag of the command and no other', async () => {
    const { stdout } = await runCommand(['simulator', '--help'])
    const flags = [...stdout.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, flag = '']) => flag)
    const documented = new Set(
      [...page.matchAll(/^\|.*$/gm)].flatMap(([row]) => [...row.matchAll(/--[a-z][a-z-]+/g)].map(([flag]) => flag)),
    )
    expect([...documented].toSorted()).toEqual(flags.toSorted())
  })

  test('has every broken body and no other', () => {
    const [, list = ''] = /Kinds of broken bodies: (.+?)\n\n/s.exec(page) ?? []
    const documented = [...list.matchAll(/`([a-z0-9-]+)`/g)].map(([, kind]) => kind)
    expect(documented).toEqual(MALFORMED_KINDS)
  })

  test('has every path under /simulator and no other', async () => {
    await withSimulator({}, async simulator => {
      const listed: unknown = await (await fetch(`${simulator.url}/simulator`)).json()
      const { read, change } = z.object({ read: z.array(z.string()), change: z.array(z.string()) }).parse(listed)
      const documented = (method: string): string[] =>
        [...page.matchAll(new RegExp(`^\\| \`${method} /simulator/([a-z]+)`, 'gm'))].map(([, name = '']) => name)
      expect(documented('GET').toSorted()).toEqual(read.toSorted())
      expect(documented('POST').toSorted()).toEqual(change.toSorted())
    })
  })

  test('names only answers and conditions of faults that can be read, and all of them', () => {
    const answers = firstCells().filter(span => !/[=<]/.test(span))
    const read = answers.map(text => parseFaultRule(text).answer)
    const kinds = new Set(read.map(answer => (typeof answer === 'string' ? answer : Object.keys(answer)[0])))
    expect(kinds).toEqual(
      new Set([
        'code',
        'itemCode',
        'http',
        'delayMs',
        'reset-before',
        'reset-after-read',
        'reset-after-apply',
        'hang',
        'hang-after-apply',
        'half-body',
        'partial',
        'fin-after-answer',
        'stall-connection',
      ]),
    )
    const conditions = firstCells().filter(span => span.includes('='))
    for (const condition of conditions) expect(() => parseFaultRule(`30006:${condition}`)).not.toThrow()
    const expected = /options are (.+)$/.exec(messageOf(() => parseFaultRule('30006:x=1')))?.[1]?.split(', ') ?? []
    expect(new Set(conditions.map(condition => condition.split('=')[0]))).toEqual(new Set(expected))
  })
})

function messageOf(action: () => unknown): string {
  try {
    action()
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : ''
  }
}
