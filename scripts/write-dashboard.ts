/** Writes `metrics/grafana/clear-friends.json`, which Grafana loads. Run it after a change of the dashboard. */
import { writeFileSync } from 'node:fs'
import { makeDashboard } from '../metrics/grafana/dashboard.ts'

const file = new URL('../metrics/grafana/clear-friends.json', import.meta.url)
writeFileSync(file, `${JSON.stringify(makeDashboard(), null, 2)}\n`)
