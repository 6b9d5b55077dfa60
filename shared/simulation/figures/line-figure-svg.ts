import { strategyStyles, type Marker } from '../../charts/strategy-style'
import { lightPicture, px, svgMarker, svgText } from '../../charts/svg'
import { extent, niceTicks } from '../../charts/ticks'
import type { Strategy } from '../../placement/placement'
import type { LineFigure } from './line-figure'
import { columnWidthPt, figureSvg, textWidth, tickLabels, typePt, wrapNote } from './page'

export interface FigureOptions {
  /** Title and small print; off where a caption says it all. */
  readonly titles: boolean
}

/** Lines of a figure have markers of their own, so that they are told apart in black and white too. */
const markers: Record<Strategy, Marker> = {
  rotation: 'circle',
  hop: 'rect',
  hop_rotation: 'triangle',
}

/** Dashes of the styles are in CSS px. */
const ptPerPx = 0.75
const lineWidthPt = 1.2
const markerSizePt = 1.8
const plotHeightPt = 122
const { text: ink, muted, grid } = lightPicture

interface Scale {
  readonly low: number
  readonly high: number
  readonly ticks: readonly number[]
}

/** From zero where that costs less than half of the height, else only as far as the values need. */
function yScale(values: readonly number[]): Scale {
  const [least, most] = extent(values) ?? [0, 1]
  const low = least < most / 2 || least === most ? Math.min(0, least) : least
  const padding = (most - low) * 0.04 || 1
  const from = low === 0 ? 0 : low - padding
  return { low: from, high: most + padding, ticks: niceTicks(from, most + padding, 6) }
}

function xScale(values: readonly number[], ticks: readonly number[] | null): Scale {
  const [least, most] = extent(values) ?? [0, 1]
  const padding = (most - least) * 0.03 || 0.5
  const [low, high] = [least - padding, most + padding]
  return { low, high, ticks: ticks ?? niceTicks(low, high, 6) }
}

function line(x1: number, y1: number, x2: number, y2: number, stroke: string, width: number): string {
  return `<line x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}" stroke="${stroke}" stroke-width="${width}"/>`
}

function dashOf(strategy: Strategy): string {
  const { dash } = strategyStyles[strategy]
  return dash.length === 0 ? '' : ` stroke-dasharray="${dash.map((each) => px(each * ptPerPx)).join(' ')}"`
}

/** The figure as SVG, as wide as a column, in vectors and real text. */
export function lineFigureSvg(figure: LineFigure, { titles }: FigureOptions = { titles: true }): string {
  const points = figure.lines.flatMap((each) => each.points)
  const x = xScale(
    points.map((point) => point.x),
    figure.xTicks,
  )
  const y = yScale(points.map((point) => point.y))
  const labels = tickLabels(y.ticks)
  const xLabels = tickLabels(x.ticks)
  const labelsWidth = Math.max(0, ...labels.map((label) => textWidth(label, typePt.tick)))

  const top = titles ? 31 : 18
  const plot = { left: 20 + labelsWidth, right: columnWidthPt - 8, top, bottom: top + plotHeightPt }
  const toX = (value: number): number =>
    plot.left + ((value - x.low) / (x.high - x.low)) * (plot.right - plot.left)
  const toY = (value: number): number =>
    plot.bottom - ((value - y.low) / (y.high - y.low)) * (plot.bottom - plot.top)
  const note = titles ? wrapNote(figure.note, columnWidthPt - 12, typePt.note) : []
  const heightPt = plot.bottom + 27 + (note.length === 0 ? 0 : 4 + note.length * 8)

  const axis = [
    ...y.ticks.flatMap((tick, index) => [
      line(plot.left, toY(tick), plot.right, toY(tick), grid, 0.5),
      svgText(plot.left - 4, toY(tick) + typePt.tick * 0.36, labels[index]!, ink, {
        anchor: 'end',
        size: typePt.tick,
      }),
    ]),
    ...x.ticks.flatMap((tick, index) => [
      line(toX(tick), plot.bottom, toX(tick), plot.bottom + 2.5, ink, 0.6),
      svgText(toX(tick), plot.bottom + 10, xLabels[index]!, ink, { anchor: 'middle', size: typePt.tick }),
    ]),
    line(plot.left, plot.bottom, plot.right, plot.bottom, ink, 0.6),
    line(plot.left, plot.top, plot.left, plot.bottom, ink, 0.6),
    svgText((plot.left + plot.right) / 2, plot.bottom + 21, figure.xTitle, ink, {
      anchor: 'middle',
      size: typePt.axis,
    }),
    // Turned by a quarter, read from below.
    `<g transform="translate(10 ${px((plot.top + plot.bottom) / 2)}) rotate(-90)">${svgText(0, 0, figure.yTitle, ink, { anchor: 'middle', size: typePt.axis })}</g>`,
  ]
  const lines = figure.lines.map(({ strategy, points: own }) => {
    const style = { colour: strategyStyles[strategy].colour, virtual: false }
    const path = own
      .map((point, i) => `${i === 0 ? 'M' : 'L'}${px(toX(point.x))} ${px(toY(point.y))}`)
      .join('')
    const marks = own.map((point) =>
      svgMarker(markers[strategy], toX(point.x), toY(point.y), style, markerSizePt),
    )
    return [
      `<path d="${path}" fill="none" stroke="${style.colour}" stroke-width="${lineWidthPt}" stroke-linejoin="round"${dashOf(strategy)}/>`,
      ...marks,
    ].join('')
  })
  const heading = titles ? [svgText(6, 12, figure.title, ink, { size: typePt.title, weight: 700 })] : []
  const smallPrint = note.map((text, index) =>
    svgText(6, plot.bottom + 33 + index * 8, text, muted, { size: typePt.note }),
  )
  return figureSvg({ widthPt: columnWidthPt, heightPt }, figure.title, figure.note.join(' · '), [
    ...heading,
    ...legend(figure, plot.left, plot.top - 8),
    ...axis,
    ...lines,
    ...smallPrint,
  ])
}

function legend({ lines }: LineFigure, left: number, baseline: number): string[] {
  const sampleWidth = 19
  let at = left
  return lines.map(({ strategy }) => {
    const { label, colour } = strategyStyles[strategy]
    const middle = baseline - typePt.tick * 0.36
    const entry = [
      `<line x1="${px(at)}" y1="${px(middle)}" x2="${px(at + sampleWidth)}" y2="${px(middle)}" stroke="${colour}" stroke-width="${lineWidthPt}"${dashOf(strategy)}/>`,
      svgMarker(markers[strategy], at + sampleWidth / 2, middle, { colour, virtual: false }, markerSizePt),
      svgText(at + sampleWidth + 4, baseline, label, ink, { size: typePt.tick }),
    ].join('')
    at += sampleWidth + 4 + textWidth(label, typePt.tick) + 10
    return entry
  })
}
