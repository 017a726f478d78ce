import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { metricRows, nodeMetrics } from '../../../metrics/catalogue.ts'
import { makeDashboard, rows } from '../../../metrics/grafana/dashboard.ts'
import { FLEET } from '../../../metrics/grafana/question.ts'

const read = (file: string): string => readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8')
const questions = rows.flatMap(row => row.questions)
const recorded = [...read('metrics/prometheus/recording-rules.yml').matchAll(/record: (\S+)/g)].map(([, name]) => name)

describe('the dashboard', () => {
  it('is what the code makes; `npm run dashboard` writes it', () => {
    expect(JSON.parse(read('metrics/grafana/clear-friends.json'))).toEqual(JSON.parse(JSON.stringify(makeDashboard())))
  })

  it('keeps its address', () => {
    expect(makeDashboard().uid).toBe('clear-friends')
  })

  it('has a question for a title, a unit, and a word on what to do in every panel', () => {
    expect(new Set(questions.map(({ title }) => title)).size).toBe(questions.length)
    for (const { title, says, unit, queries } of questions) {
      expect(title).toMatch(/^[A-Z].*\?$/)
      expect(says, title).toMatch(/Bad: |is right during/)
      expect(unit, title).not.toBe('')
      expect(queries.length, title).toBeGreaterThan(0)
    }
  })

  it('asks for metrics and records that there are, of the chosen fleet only', () => {
    const known = new Set([
      ...metricRows.flatMap(({ name, type }) => (type === 'histogram' ? [`${name}_bucket`] : [name])),
      ...Object.keys(nodeMetrics),
      ...recorded,
      'up',
    ])
    for (const { expr } of questions.flatMap(question => question.queries)) {
      const asked = [...expr.matchAll(/\b((?:clear_friends|process_|nodejs_|up\b)[\w:]*)\{([^}]*)\}/g)]
      expect(asked.length + Number(expr.includes('ALERTS{')), expr).toBeGreaterThan(0)
      for (const [, name, selector] of asked) {
        expect(known, expr).toContain(name)
        expect(selector, expr).toContain(FLEET)
      }
    }
  })

  it('shows every metric that is meant for it', () => {
    const queries = questions.flatMap(question => question.queries.map(({ expr }) => expr)).join('\n')
    const records = read('metrics/prometheus/recording-rules.yml')
    const unseen = metricRows.filter(({ name }) => !queries.includes(name) && !records.includes(name))
    // The dashboard shows proved clears. This metric counts the reads behind them, failed ones included.
    expect(unseen.map(({ name }) => name)).toEqual(['clear_friends_verifications_total'])
  })

  it('has every panel that the runbook points to', () => {
    const pointedTo = [
      ...read('docs/runbook.md')
        .replaceAll('\n', ' ')
        .matchAll(/“([^”]+)”/g),
    ].map(([, title = '']) => title.replace(/ +/g, ' '))
    expect(pointedTo.length).toBeGreaterThan(10)
    const titles = questions.map(({ title }) => title)
    expect([...new Set(pointedTo)].filter(title => !titles.includes(title))).toEqual([])
  })
})
