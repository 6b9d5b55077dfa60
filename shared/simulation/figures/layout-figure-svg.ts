import { wrap } from '../../constellation/torus'
import { strategyStyles } from '../../charts/strategy-style'
import { lightPicture, px, svgText } from '../../charts/svg'
import type { LayoutCell, LayoutFigure } from './layout-figure'
import type { FigureOptions } from './line-figure-svg'
import { columnWidthPt, figureNumber, figureSvg, textWidth, typePt, wrapNote } from './page'
import { bytesText } from './setting-text'

const { text: ink, muted, grid } = lightPicture

/** Side of a satellite's square, pt: as large as a column allows; where it would be too small to read, the figure grows. */
const cellLimitsPt = { least: 13, most: 24 } as const
/** From this side on, the number of chunks stands in the square too. */
const roomForChunksPt = 17
const margin = { left: 28, right: 6, top: 16 } as const

/** Shares of the strategy's colour behind servers with fewer and with more chunks: dark text can be read on both. */
const tints = { fewer: 0.22, more: 0.45 } as const

/** The colour mixed with white, so that no transparency is needed in print. */
function tint(colour: string, share: number): string {
  const channels = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16)
    return Math.round(255 + (value - 255) * share)
      .toString(16)
      .padStart(2, '0')
  })
  return `#${channels.join('')}`
}

/** The figure as SVG: the grid of satellites with servers, chunks, centre and LOS window. */
export function layoutFigureSvg(figure: LayoutFigure, { titles }: FigureOptions = { titles: true }): string {
  const { columns, rows, cells, setting } = figure
  const room = (columnWidthPt - margin.left - margin.right) / columns
  const side = Math.min(cellLimitsPt.most, Math.max(cellLimitsPt.least, room))
  const widthPt = Math.max(columnWidthPt, margin.left + columns * side + margin.right)
  const left = margin.left + (widthPt - margin.left - margin.right - columns * side) / 2
  const top = margin.top + (titles ? 18 : 4)
  const bottom = top + rows * side
  const place = (index: number): { x: number; y: number } => ({
    x: left + (index % columns) * side,
    y: top + Math.floor(index / columns) * side,
  })

  const fewer = Math.floor(figure.chunks / setting.servers)
  const fill = ({ server }: LayoutCell): string => {
    if (server === null) return '#ffffff'
    return tint(strategyStyles[setting.strategy].colour, server.chunks > fewer ? tints.more : tints.fewer)
  }
  const squares = cells.map((cell, index) => {
    const { x, y } = place(index)
    return `<rect x="${px(x)}" y="${px(y)}" width="${px(side)}" height="${px(side)}" fill="${fill(cell)}" stroke="${cell.server ? '#ffffff' : grid}" stroke-width="0.6"/>`
  })
  const texts = cells.flatMap((cell, index) => cellTexts(cell, place(index), side))
  const centre = cells.flatMap((cell, index) => {
    if (!cell.isCentre) return []
    const { x, y } = place(index)
    return centreMark(x, y, side)
  })
  const heading = titles ? [svgText(6, 12, titleOf(figure), ink, { size: typePt.title, weight: 700 })] : []
  const legend = layoutLegend(figure, fewer, bottom + 12, widthPt)
  const note = titles ? wrapNote(noteOf(figure), widthPt - 12, typePt.note) : []
  const noteTop = legend.bottom + 8
  return figureSvg(
    { widthPt, heightPt: note.length === 0 ? legend.bottom + 2 : noteTop + note.length * 8 - 2 },
    titleOf(figure),
    noteOf(figure).join(' · '),
    [
      ...heading,
      ...axes(figure, { left, top, bottom, side }),
      ...squares,
      losOutline(figure, place, side),
      ...centre,
      ...texts,
      ...legend.parts,
      ...note.map((text, index) => svgText(6, noteTop + 2 + index * 8, text, muted, { size: typePt.note })),
    ],
  )
}

function cellTexts({ server }: LayoutCell, { x, y }: { x: number; y: number }, side: number): string[] {
  if (server === null) return []
  const middle = x + side / 2
  const label = String(server.number)
  const size = Math.min(side * 0.44, (side * 0.86) / (label.length * 0.64))
  if (side < roomForChunksPt) {
    return [svgText(middle, y + side / 2 + size * 0.36, label, ink, { anchor: 'middle', size })]
  }
  return [
    svgText(middle, y + side * 0.47, label, ink, { anchor: 'middle', size: size * 0.9, weight: 700 }),
    svgText(middle, y + side * 0.84, figureNumber(server.chunks), ink, {
      anchor: 'middle',
      size: Math.min(side * 0.3, (side * 0.86) / (figureNumber(server.chunks).length * 0.6)),
    }),
  ]
}

function centreMark(x: number, y: number, side: number): string {
  const inset = 1
  return `<rect x="${px(x + inset)}" y="${px(y + inset)}" width="${px(side - 2 * inset)}" height="${px(side - 2 * inset)}" fill="none" stroke="${ink}" stroke-width="1.3"/>`
}

/** The border of the LOS window: between a satellite in it and one that is not. Where it wraps around the torus it is open. */
function losOutline(
  { cells, columns, rows, setting: { torus } }: LayoutFigure,
  place: (index: number) => { x: number; y: number },
  side: number,
): string {
  const isIn = (column: number, row: number): boolean => {
    const [x, y] = [
      columns === torus.slots ? wrap(column, columns) : column,
      rows === torus.planes ? wrap(row, rows) : row,
    ]
    return x >= 0 && x < columns && y >= 0 && y < rows && cells[y * columns + x]!.inLos
  }
  const path = cells.flatMap((cell, index) => {
    if (!cell.inLos) return []
    const [column, row] = [index % columns, Math.floor(index / columns)]
    const { x, y } = place(index)
    return [
      isIn(column, row - 1) ? '' : `M${px(x)} ${px(y)}h${px(side)}`,
      isIn(column, row + 1) ? '' : `M${px(x)} ${px(y + side)}h${px(side)}`,
      isIn(column - 1, row) ? '' : `M${px(x)} ${px(y)}v${px(side)}`,
      isIn(column + 1, row) ? '' : `M${px(x + side)} ${px(y)}v${px(side)}`,
    ]
  })
  return `<path d="${path.join('')}" fill="none" stroke="${ink}" stroke-width="0.9" stroke-dasharray="2.6 1.6"/>`
}

function axes(
  { cells, columns, rows }: LayoutFigure,
  { left, top, bottom, side }: { left: number; top: number; bottom: number; side: number },
): string[] {
  // Not more labels than can stand beside each other.
  const everySlot = Math.ceil(14 / side)
  const slots = Array.from({ length: columns }, (_, column) => {
    if (column % everySlot !== 0) return ''
    const x = left + (column + 0.5) * side
    return svgText(x, top - 3, String(cells[column]!.slot), muted, { anchor: 'middle', size: typePt.note })
  })
  const planes = Array.from({ length: rows }, (_, row) => {
    const y = top + (row + 0.5) * side + typePt.note * 0.36
    const label = String(cells[row * columns]!.plane)
    return svgText(left - 3, y, label, muted, { anchor: 'end', size: typePt.note })
  })
  return [
    ...slots,
    ...planes,
    svgText(left + (columns * side) / 2, top - 10.5, 'Slot', ink, { anchor: 'middle', size: typePt.tick }),
    `<g transform="translate(${px(left - 16)} ${px((top + bottom) / 2)}) rotate(-90)">${svgText(0, 0, 'Plane', ink, { anchor: 'middle', size: typePt.tick })}</g>`,
  ]
}

/** What squares and lines mean, in rows as wide as the figure. */
function layoutLegend(
  { setting, chunks, cells }: LayoutFigure,
  fewer: number,
  top: number,
  widthPt: number,
): { parts: string[]; bottom: number } {
  const { colour } = strategyStyles[setting.strategy]
  const box = 7
  const square =
    (fill: string, stroke: string, more = '') =>
    (x: number, y: number) =>
      `<rect x="${px(x)}" y="${px(y)}" width="${box}" height="${box}" fill="${fill}" stroke="${stroke}"${more}/>`
  const withMore = chunks % setting.servers
  const entries = [
    ...(withMore > 0
      ? [{ draw: square(tint(colour, tints.more), '#ffffff'), text: chunksText(fewer + 1, withMore) }]
      : []),
    {
      draw: square(tint(colour, tints.fewer), '#ffffff'),
      text: chunksText(fewer, setting.servers - withMore),
    },
    { draw: square('#ffffff', ink, ' stroke-width="1.3"'), text: 'centre' },
    ...(cells.some((cell) => cell.inLos)
      ? [
          {
            draw: square('#ffffff', ink, ' stroke-width="0.9" stroke-dasharray="2.6 1.6"'),
            text: `LOS window ${setting.losSlots}×${setting.losPlanes}`,
          },
        ]
      : []),
  ]
  let [x, y] = [6, top]
  const parts = entries.flatMap(({ draw, text }) => {
    const length = box + 4 + textWidth(text, typePt.note)
    if (x > 6 && x + length > widthPt - 6) [x, y] = [6, y + 11]
    const entry = [
      draw(x, y - box / 2),
      svgText(x + box + 4, y + typePt.note * 0.36, text, ink, { size: typePt.note }),
    ]
    x += length + 9
    return entry
  })
  return { parts, bottom: y + box / 2 + 3 }
}

function chunksText(chunks: number, servers: number): string {
  return `${figureNumber(chunks)} ${chunks === 1 ? 'chunk' : 'chunks'} (${figureNumber(servers)} ${servers === 1 ? 'server' : 'servers'})`
}

function titleOf({ setting: { strategy, servers, rotations } }: LayoutFigure): string {
  const turned =
    rotations === 0 ? '' : rotations === 1 ? ', after 1 rotation' : `, after ${rotations} rotations`
  return `${strategy}: chunks on ${servers} ${servers === 1 ? 'server' : 'servers'}${turned}`
}

function noteOf({ setting, chunks, columns, rows, hiddenServers }: LayoutFigure): string[] {
  const { torus, kvcBytes, chunkBytes } = setting
  const isWhole = columns === torus.slots && rows === torus.planes
  return [
    `torus ${torus.slots}×${torus.planes}${isWhole ? '' : `, ${columns}×${rows} of it drawn`}`,
    `block of ${bytesText(kvcBytes)} = ${figureNumber(chunks)} chunks of ${figureNumber(chunkBytes)} B`,
    `chunk c on server c mod ${setting.servers}`,
    ...(hiddenServers > 0 ? [`${hiddenServers} servers outside of the picture`] : []),
  ]
}
