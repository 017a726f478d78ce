/**
 * The dashboard: five rows of questions, in Grafana's form. `npm run dashboard` writes it to `clear-friends.json`,
 * which Grafana loads. A test compares the two.
 */
import {
  BigValueColorMode,
  BigValueTextMode,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
} from '@grafana/grafana-foundation-sdk/common'
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as NumberBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as LinesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import type { Question, Row } from './question.ts'
import { isItWorking } from './rows/is-it-working.ts'
import { proof } from './rows/proof.ts'
import { theFleet } from './rows/the-fleet.ts'
import { theLimit } from './rows/the-limit.ts'
import { theVendor } from './rows/the-vendor.ts'

/** The rows; those for an operator in a hurry come first. */
export const rows: readonly Row[] = [isItWorking, theLimit, theVendor, theFleet, proof]

/** It must not change: links to the dashboard hold it. */
const DASHBOARD_UID = 'clear-friends'

/** The Prometheus that the viewer has chosen at the top; the compose file has one. */
const SOURCE = { type: 'prometheus', uid: `\${datasource}` }
const HEIGHT = 8

/** Makes the dashboard in Grafana's own form. */
export function makeDashboard(): Dashboard {
  const builder = new DashboardBuilder('clear-friends')
    .uid(DASHBOARD_UID)
    .description('Whether people are being cleared, how fast, what stands in the way, and what proves it.')
    .tags(['clear-friends'])
    .time({ from: 'now-1h', to: 'now' })
    .refresh('15s')
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
    .withVariable(
      new QueryVariableBuilder('job')
        .label('Fleet')
        .datasource(SOURCE)
        .query('label_values(clear_friends_build_info, job)')
        .refresh(VariableRefresh.OnTimeRangeChanged),
    )
  let id = 0
  for (const row of rows) {
    builder.withRow(new RowBuilder(row.title).id(++id))
    for (const question of row.questions) builder.withPanel(panelOf(question).id(++id))
  }
  return builder.build()
}

function panelOf(question: Question): NumberBuilder | LinesBuilder {
  const panel = question.shows === 'number' ? numberOf(question) : linesOf(question)
  panel
    .title(question.title)
    .description(question.says)
    .unit(question.unit)
    .noValue('unknown')
    .datasource(SOURCE)
    .span(question.width)
    .height(question.height ?? HEIGHT)
    .thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(stepsOf(question)))
  for (const [index, { expr, legend }] of question.queries.entries()) {
    const query = new DataqueryBuilder()
      .expr(expr)
      .legendFormat(legend)
      .datasource(SOURCE)
      .refId(String(index + 1))
    panel.withTarget(question.shows === 'number' ? query.instant() : query.range())
  }
  return panel
}

function numberOf({ namesOnly }: Question): NumberBuilder {
  return new NumberBuilder()
    .colorMode(BigValueColorMode.Background)
    .textMode(namesOnly ? BigValueTextMode.Name : BigValueTextMode.Auto)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
}

function linesOf({ shows, signed }: Question): LinesBuilder {
  const panel = new LinesBuilder().fillOpacity(shows === 'stacked' ? 40 : 0)
  if (!signed) panel.min(0)
  return shows === 'stacked' ? panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A')) : panel
}

/** Gives colours by value. The first step begins at minus infinity. */
function stepsOf({ badFrom, badBelow }: Question): Threshold[] {
  if (badFrom !== undefined) return [step(null, 'green'), step(badFrom, 'red')]
  if (badBelow !== undefined) return [step(null, 'red'), step(badBelow, 'green')]
  return [step(null, 'green')]
}

const step = (value: number | null, color: string): Threshold => ({ value, color })
