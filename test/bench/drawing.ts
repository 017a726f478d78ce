/** A picture of several rows of counts over time, drawn to one scale. */
export interface Drawing {
  readonly title: string
  /** Length of the time that a value counts, in ms. */
  readonly spanMs: number
  /** The value of each span in an even row; a line marks it. */
  readonly evenly: number
  readonly rows: readonly DrawnRow[]
}

/** One row of the picture. */
interface DrawnRow {
  readonly label: string
  /** Text at the other end of the row. */
  readonly note: string
  readonly values: readonly number[]
}

const WIDTH = 880
const MARGIN = 16
const SCALE_WIDTH = 30
const HEAD_HEIGHT = 40
const LABEL_HEIGHT = 20
const PLOT_HEIGHT = 64
const ROW_HEIGHT = LABEL_HEIGHT + PLOT_HEIGHT + 14
const FOOT_HEIGHT = 28
const MS_PER_MARK = 1000

/** The picture follows the reader's light or dark mode. */
const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 14px; font-weight: 600 }
  .quiet { fill: #59636e; font-size: 11px }
  .ground { fill: #ffffff }
  .bars { fill: #0969da }
  .axis { stroke: #d1d9e0 }
  .evenly { stroke: #bc4c00; stroke-dasharray: 4 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .quiet { fill: #9198a1 }
    .ground { fill: #0d1117 }
    .bars { fill: #4493f8 }
    .axis { stroke: #3d444d }
    .evenly { stroke: #f0883e }
  }
`

/** Draws the rows below each other as an SVG document. */
export function drawRows({ title, spanMs, evenly, rows }: Drawing): string {
  const spans = Math.max(1, ...rows.map(row => row.values.length))
  const most = Math.max(evenly, ...rows.flatMap(row => row.values))
  const height = HEAD_HEIGHT + rows.length * ROW_HEIGHT + FOOT_HEIGHT
  const scale: Scale = {
    x: span => MARGIN + SCALE_WIDTH + (span / spans) * (WIDTH - 2 * MARGIN - SCALE_WIDTH),
    y: value => PLOT_HEIGHT - (value / most) * PLOT_HEIGHT,
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeXml(title)}">`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${height}"/>`,
    `<text class="title" x="${MARGIN}" y="24">${escapeXml(title)}</text>`,
    ...rows.map((row, index) => drawRow(row, { most, evenly, spans }, scale, HEAD_HEIGHT + index * ROW_HEIGHT)),
    drawSeconds(spans, spanMs, scale, HEAD_HEIGHT + rows.length * ROW_HEIGHT),
    '</svg>\n',
  ].join('\n')
}

interface Scale {
  x(span: number): number
  y(value: number): number
}

function drawRow(
  { label, note, values }: DrawnRow,
  { most, evenly, spans }: { most: number; evenly: number; spans: number },
  scale: Scale,
  top: number,
): string {
  const [left, right] = [round(scale.x(0)), round(scale.x(spans))]
  const even = round(scale.y(evenly))
  return [
    `<g transform="translate(0 ${top})">`,
    `<text x="${left}" y="12">${escapeXml(label)}</text>`,
    `<text class="quiet" x="${right}" y="12" text-anchor="end">${escapeXml(note)}</text>`,
    `<g transform="translate(0 ${LABEL_HEIGHT})">`,
    `<path class="bars" d="${values.map((value, span) => bar(value, span, scale)).join('')}"/>`,
    `<path class="axis" d="M${left} ${PLOT_HEIGHT}H${right}"/>`,
    `<path class="evenly" d="M${left} ${even}H${right}"/>`,
    `<text class="quiet" x="${left - 5}" y="8" text-anchor="end">${most}</text>`,
    `<text class="quiet" x="${left - 5}" y="${even + 4}" text-anchor="end">${evenly}</text>`,
    '</g></g>',
  ].join('\n')
}

function bar(value: number, span: number, scale: Scale): string {
  if (value === 0) return ''
  const [left, right, top] = [scale.x(span), scale.x(span + 1), scale.y(value)]
  return `M${round(left)} ${PLOT_HEIGHT}V${round(top)}H${round(right - 0.8)}V${PLOT_HEIGHT}Z`
}

function drawSeconds(spans: number, spanMs: number, scale: Scale, top: number): string {
  const marks = Array.from({ length: Math.floor((spans * spanMs) / MS_PER_MARK) + 1 }, (_, second) => {
    const x = round(scale.x((second * MS_PER_MARK) / spanMs))
    return `<text class="quiet" x="${x}" y="${top + 8}" text-anchor="middle">${second} s</text>`
  })
  return marks.join('\n')
}

const round = (value: number): number => Math.round(value * 10) / 10

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
