import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { rows } from '../../../metrics/grafana/dashboard.ts'

const read = (file: string): string => readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8')

describe('docs/watching.md', () => {
  const page = read('docs/watching.md')

  it('shows the rows of the dashboard with all their questions', () => {
    for (const { title, questions } of rows) {
      const line = page.split('\n').find(each => each.startsWith(`| ${title} `)) ?? ''
      const missing = questions.filter(each => !line.includes(each.title)).map(each => each.title)
      expect(missing, title).toEqual([])
    }
  })

  it('lists every alert with its severity', () => {
    const alerts = [...read('metrics/prometheus/alert-rules.yml').matchAll(/alert: (\w+)[\s\S]*?severity: (\w+)/g)]
    const listed = [...page.matchAll(/^\| `(ClearFriends\w+)` +\| (\w+) /gm)]
    expect(listed.map(([, name, severity]) => [name, severity])).toEqual(
      alerts.map(([, name, severity]) => [name, severity]),
    )
  })
})
