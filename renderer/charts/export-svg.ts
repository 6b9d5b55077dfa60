import {
  escapeXml,
  lightPicture,
  px,
  svgMarker,
  svgPicture,
  svgText,
  type PictureColours,
} from '#shared/charts/svg'
import { extent, niceTicks } from '#shared/charts/ticks'
import { formatNumber } from '../format/units'
import { sampleCount, type LineChartSpec } from './chart-spec'
import type { SeriesStyle } from './strategy-style'

/** Markers are drawn only where points are far enough apart to be told apart. */
const pointsWithMarkers = 60

/** A line chart as a standalone picture, drawn from the series: title, unit, sample count, legend, axes, lines, events. */
export function lineChartSvg(
  spec: LineChartSpec,
  size: { readonly width: number; readonly height: number },
  colours: PictureColours = lightPicture,
): string {
  const { width, height } = size
  const shown = spec.series.filter((series) => series.points.length > 0)
  const legend = placeLegend(
    shown.map((series) => series.style),
    width - 88,
  )
  const plot = { left: 64, right: width - 24, top: 44 + legend.height, bottom: height - 52 }
  const xs = extent(shown.flatMap((series) => series.points.map((point) => point.x))) ?? [0, 1]
  const ys = extent(shown.flatMap((series) => series.points.map((point) => point.y))) ?? [0, 1]
  const [xLow, xHigh] = [Math.min(0, xs[0]), xs[0] === xs[1] ? xs[1] + 0.5 : xs[1]] as const
  const scale = spec.unit === '%' ? 100 : 1
  const yLow = Math.min(0, ys[0]) * scale
  const yHigh = (spec.unit === '%' ? 1 : ys[1] === 0 ? 1 : ys[1] * 1.05) * scale
  const toX = (x: number): number => plot.left + ((x - xLow) / (xHigh - xLow)) * (plot.right - plot.left)
  const toY = (y: number): number =>
    plot.bottom - ((y * scale - yLow) / (yHigh - yLow)) * (plot.bottom - plot.top)

  const parts = [
    svgText(24, 26, spec.title, colours.text, { size: 15, weight: 600 }),
    svgText(width - 24, 26, `n = ${formatNumber(sampleCount(spec))}`, colours.muted, { anchor: 'end' }),
    ...legend.items.map(({ style, x, y }) => {
      const dash = style.dash.length > 0 ? ` stroke-dasharray="${style.dash.join(' ')}"` : ''
      return [
        `<line x1="${px(64 + x)}" y1="${y + 40}" x2="${px(88 + x)}" y2="${y + 40}" stroke="${style.colour}" stroke-width="${style.width}"${dash}/>`,
        svgMarker(style.marker, 76 + x, y + 40, style),
        svgText(94 + x, y + 44, style.label, colours.text),
      ].join('')
    }),
  ]
  for (const tick of niceTicks(yLow, yHigh, 5)) {
    const y = toY(tick / scale)
    parts.push(
      `<line x1="${plot.left}" y1="${px(y)}" x2="${plot.right}" y2="${px(y)}" stroke="${colours.grid}"/>`,
      svgText(plot.left - 8, y + 4, formatNumber(tick), colours.muted, { anchor: 'end' }),
    )
  }
  for (const tick of niceTicks(xLow, xHigh, 8)) {
    parts.push(svgText(toX(tick), plot.bottom + 18, formatNumber(tick), colours.muted, { anchor: 'middle' }))
  }
  parts.push(
    `<line x1="${plot.left}" y1="${plot.bottom}" x2="${plot.right}" y2="${plot.bottom}" stroke="${colours.muted}"/>`,
    svgText((plot.left + plot.right) / 2, height - 14, spec.xTitle, colours.muted, { anchor: 'middle' }),
    svgText(plot.left - 8, plot.top - 8, spec.unit, colours.muted, { anchor: 'end' }),
  )
  for (const event of spec.events.filter(({ x }) => x >= xLow && x <= xHigh)) {
    const x = px(toX(event.x))
    const fault = event.severity === 'fault'
    const colour = fault ? colours.fault : colours.muted
    const [top, dash] = fault ? [plot.top, ' stroke-dasharray="2 3"'] : [plot.bottom - 8, '']
    parts.push(
      `<line x1="${x}" y1="${top}" x2="${x}" y2="${plot.bottom}" stroke="${colour}"${dash}><title>${escapeXml(event.label)}</title></line>`,
    )
  }
  for (const { style, points } of shown) {
    const path = points
      .map((point, i) => `${i === 0 ? 'M' : 'L'}${px(toX(point.x))} ${px(toY(point.y))}`)
      .join('')
    const dash = style.dash.length > 0 ? ` stroke-dasharray="${style.dash.join(' ')}"` : ''
    parts.push(
      `<path d="${path}" fill="none" stroke="${style.colour}" stroke-width="${style.width}" stroke-linejoin="round"${dash}/>`,
    )
    const stride = Math.ceil(points.length / pointsWithMarkers)
    for (let i = 0; i < points.length; i += stride) {
      // Lines of many points have no markers, unless they show that the series is virtual.
      if (stride > 1 && !style.virtual) break
      parts.push(svgMarker(style.marker, toX(points[i]!.x), toY(points[i]!.y), style))
    }
  }
  return svgPicture(width, height, colours, parts)
}

/** Legend entries in rows that fit into `width`; text is estimated at 6.6 px a character. */
function placeLegend(
  styles: readonly SeriesStyle[],
  width: number,
): { items: { style: SeriesStyle; x: number; y: number }[]; height: number } {
  let x = 0
  let row = 0
  const items = styles.map((style) => {
    const length = 52 + style.label.length * 6.6
    if (x > 0 && x + length > width) {
      x = 0
      row++
    }
    const item = { style, x, y: row * 20 + 6 }
    x += length
    return item
  })
  return { items, height: styles.length === 0 ? 0 : (row + 1) * 20 + 8 }
}
