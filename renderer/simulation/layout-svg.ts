import { lightPicture, svgPicture, svgText, type PictureColours } from '#shared/charts/svg'
import { formatMs } from '../format/units'
import type { ChunkLayout, LayoutFill } from './chunk-layout'

const side = 40
const gap = 6
const pitch = side + gap
const margin = { left: 64, top: 84, right: 28, bottom: 96 }
/** Width that the words around the grid need. */
const leastWidth = 640

/**
 * The layout as a standalone picture: servers with their numbers and chunks, centre, LOS window.
 * @param colour of the strategy
 */
export function layoutSvg(
  layout: ChunkLayout,
  title: string,
  fill: LayoutFill,
  colour: string,
  colours: PictureColours = lightPicture,
): string {
  const across = layout.planes[0]?.length ?? 0
  const width = Math.max(leastWidth, margin.left + across * pitch + margin.right)
  const bottom = margin.top + layout.planes.length * pitch
  const { perServer, maxS } = layout.latency
  const parts = [
    svgText(24, 28, title, colours.text, { size: 15, weight: 600 }),
    svgText(
      24,
      50,
      `${perServer.length} servers, ${layout.chunks} chunks, worst ${plain(formatMs(maxS * 1000))}, simulated`,
      colours.muted,
    ),
  ]
  layout.planes[0]?.forEach(({ slot }, column) => {
    parts.push(
      svgText(margin.left + column * pitch + side / 2, margin.top - 10, `${slot}`, colours.muted, {
        anchor: 'middle',
        size: 11,
      }),
    )
  })
  layout.planes.forEach((row, line) => {
    const y = margin.top + line * pitch
    parts.push(
      svgText(margin.left - 12, y + side / 2 + 4, `${row[0]?.plane ?? ''}`, colours.muted, {
        anchor: 'end',
        size: 11,
      }),
    )
    row.forEach((cell, column) => {
      const x = margin.left + column * pitch
      const [edge, line] = cell.centre
        ? [colours.text, 3]
        : cell.inWindow
          ? ['#8a5a00', 2]
          : [colours.grid, 1]
      const share = cell.fill[fill].toFixed(3)
      parts.push(
        `<rect x="${x}" y="${y}" width="${side}" height="${side}" rx="4" fill="${colours.background}" stroke="${edge}" stroke-width="${line}"/>`,
      )
      if (!cell.server) return
      // Half the strength, so that black numbers can be read on every fill.
      parts.push(
        `<rect x="${x + 2}" y="${y + 2}" width="${side - 4}" height="${side - 4}" rx="3" fill="${colour}" fill-opacity="${(Number(share) * 0.6).toFixed(3)}"/>`,
        svgText(x + side / 2, y + 20, `${cell.server.server}`, colours.text, {
          anchor: 'middle',
          weight: 600,
          size: 13,
        }),
        svgText(x + side / 2, y + 33, `${cell.server.chunks}`, colours.text, { anchor: 'middle', size: 10 }),
      )
    })
  })
  const shows = fill === 'time' ? 'time of the server, fastest to slowest' : 'chunks on the server'
  const rest =
    layout.serversOutside > 0 ? ` ${layout.serversOutside} servers lie outside of the picture.` : ''
  parts.push(
    svgText(24, bottom + 28, 'Columns: slots. Rows: planes. Bold: server. Below it: chunks.', colours.muted, {
      size: 11,
    }),
    svgText(
      24,
      bottom + 46,
      `Fill: ${shows}. Black edge: centre. Brown edges: LOS window of 3 × 3.`,
      colours.muted,
      { size: 11 },
    ),
    svgText(
      24,
      bottom + 64,
      `Torus of ${layout.torus.slots} slots × ${layout.torus.planes} planes.${rest}`,
      colours.muted,
      { size: 11 },
    ),
  )
  return svgPicture(width, bottom + margin.bottom, colours, parts)
}

/** Numbers and units are kept together by a space that some SVG programs draw as a box. */
function plain(text: string): string {
  return text.replaceAll('\u00a0', ' ')
}
