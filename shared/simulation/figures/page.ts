import { escapeXml, px } from '../../charts/svg'

/**
 * What all figures for print have in common. A unit of a figure is a point (1/72 inch): sizes below are those on paper.
 */

/** Width of a column of a two-column paper (IEEE, ACM), pt. */
export const columnWidthPt = 252

/** Sizes of type, pt: 6 is the least that journals take. */
export const typePt = { title: 8, axis: 7.5, tick: 7, note: 6 } as const

/** DejaVu Sans comes with the program for PNG files; elsewhere, what is there and has the figures. */
export const figureFont = 'DejaVu Sans, Verdana, Helvetica, Arial, sans-serif'

/** Widths of characters in DejaVu Sans as a share of the type size, by kind; near enough to lay out a legend. */
const characterWidths: readonly (readonly [RegExp, number])[] = [
  [/[ijl.,:;|!'·\s]/, 0.32],
  [/[ftr()[\]/-]/, 0.4],
  [/[mwMW%×]/, 0.88],
  [/[A-Z]/, 0.69],
  [/_/, 0.5],
]
const otherCharacterWidth = 0.62

/** Estimated width of a text, pt. */
export function textWidth(text: string, sizePt: number): number {
  const shares = Array.from(
    text,
    (character) => characterWidths.find(([kind]) => kind.test(character))?.[1] ?? otherCharacterWidth,
  )
  return shares.reduce((sum, share) => sum + share, 0) * sizePt
}

/** Parts joined by a middle dot, in lines no wider than this. */
export function wrapNote(parts: readonly string[], widthPt: number, sizePt: number): string[] {
  const lines: string[] = []
  for (const part of parts) {
    const joined = lines.length === 0 ? part : `${lines.at(-1)!} · ${part}`
    if (lines.length > 0 && textWidth(joined, sizePt) <= widthPt) lines[lines.length - 1] = joined
    else lines.push(part)
  }
  return lines
}

/** A figure as a standalone SVG document of this size in pt, white behind. */
export function figureSvg(
  size: { readonly widthPt: number; readonly heightPt: number },
  title: string,
  description: string,
  parts: readonly string[],
): string {
  const [width, height] = [px(size.widthPt), px(size.heightPt)]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}pt" height="${height}pt" viewBox="0 0 ${width} ${height}" font-family="${figureFont}">`,
    `<title>${escapeXml(title)}</title>`,
    `<desc>${escapeXml(description)}</desc>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n')
}

/** A number as figures write it: 1,500, 0.25. */
export function figureNumber(value: number, decimals?: number): string {
  const [whole = '', fraction] = (decimals === undefined ? String(value) : value.toFixed(decimals)).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

/** Labels of an axis's ticks, all with as many decimals as the longest needs. */
export function tickLabels(ticks: readonly number[]): string[] {
  const decimals = Math.max(0, ...ticks.map((tick) => String(tick).split('.')[1]?.length ?? 0))
  return ticks.map((tick) => figureNumber(tick, decimals))
}
