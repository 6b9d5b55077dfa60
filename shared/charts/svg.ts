import type { Marker } from './strategy-style'

/** Colours of an exported picture; series keep theirs in every theme. */
export interface PictureColours {
  readonly background: string
  readonly text: string
  readonly muted: string
  readonly grid: string
  readonly fault: string
}

export const lightPicture: PictureColours = {
  background: '#ffffff',
  text: '#171b21',
  muted: '#545d6a',
  grid: '#e6e8ec',
  fault: '#b3261e',
}

export const pictureFont = 'system-ui, Segoe UI, Roboto, Noto Sans, Liberation Sans, sans-serif'
export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** A coordinate as text: hundredths are finer than any screen or printer. */
export const px = (value: number): string => Number(value.toFixed(2)).toString()

export interface MarkerStyle {
  readonly colour: string
  /** Drawn hollow. */
  readonly virtual: boolean
}

export function svgMarker(marker: Marker, x: number, y: number, style: MarkerStyle, size = 3.2): string {
  const paint = style.virtual
    ? `fill="none" stroke="${style.colour}" stroke-width="1.2"`
    : `fill="${style.colour}" stroke="none"`
  switch (marker) {
    case 'circle':
      return `<circle cx="${px(x)}" cy="${px(y)}" r="${size}" ${paint}/>`
    case 'rect':
      return `<rect x="${px(x - size)}" y="${px(y - size)}" width="${size * 2}" height="${size * 2}" ${paint}/>`
    case 'triangle':
      return `<path d="M${px(x)} ${px(y - size)}L${px(x + size)} ${px(y + size)}L${px(x - size)} ${px(y + size)}Z" ${paint}/>`
    case 'cross':
    case 'crossRot': {
      const turn = marker === 'crossRot' ? ` transform="rotate(45 ${px(x)} ${px(y)})"` : ''
      return `<path d="M${px(x - size)} ${px(y)}H${px(x + size)}M${px(x)} ${px(y - size)}V${px(y + size)}" fill="none" stroke="${style.colour}" stroke-width="1.5"${turn}/>`
    }
    case 'rectRot':
      return `<path d="M${px(x)} ${px(y - size)}L${px(x + size)} ${px(y)}L${px(x)} ${px(y + size)}L${px(x - size)} ${px(y)}Z" ${paint}/>`
  }
}

export function svgText(
  x: number,
  y: number,
  text: string,
  colour: string,
  more: { anchor?: 'start' | 'middle' | 'end'; size?: number; weight?: number } = {},
): string {
  const { anchor = 'start', size = 12, weight = 400 } = more
  return `<text x="${px(x)}" y="${px(y)}" fill="${colour}" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}">${escapeXml(text)}</text>`
}

export function svgPicture(
  width: number,
  height: number,
  colours: PictureColours,
  parts: readonly string[],
): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${pictureFont}">`,
    `<rect width="${width}" height="${height}" fill="${colours.background}"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n')
}
