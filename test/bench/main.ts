/**
 * Benchmarks: `npm run bench -- <name>`. Each prints its figures and exits with 1 when a promise is broken. They need
 * an idle machine with two cores or more.
 */

import { benchApps } from './apps.ts'
import { benchCost } from './cost.ts'
import { benchDrain } from './drain.ts'
import { benchIdle } from './idle.ts'
import { benchImport } from './import.ts'
import { benchJoin } from './join.ts'
import { benchLimit } from './limit.ts'
import { benchLoss } from './loss.ts'
import { benchMembers } from './members.ts'
import { benchMetrics } from './metrics.ts'
import { benchMillion } from './million.ts'
import { print, say } from './output.ts'
import { benchProof } from './proof.ts'
import { benchRun } from './run.ts'
import { benchUrgent } from './urgent.ts'

const benches: Readonly<Record<string, () => Promise<boolean>>> = {
  drain: benchDrain,
  limit: benchLimit,
  cost: benchCost,
  import: benchImport,
  idle: benchIdle,
  join: benchJoin,
  metrics: benchMetrics,
  loss: benchLoss,
  members: benchMembers,
  urgent: benchUrgent,
  apps: benchApps,
  proof: benchProof,
  run: benchRun,
  million: benchMillion,
}

// Whoever started a program ends it when this process exits, which a signal alone would skip.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const name = process.argv[2] ?? ''
const bench = benches[name]
if (bench === undefined) {
  say(`usage: npm run bench -- ${Object.keys(benches).join(' | ')}`)
  process.exitCode = 2
} else {
  const kept = await bench()
  print(kept ? 'all promises kept' : 'a promise was broken')
  process.exitCode = kept ? 0 : 1
}
