/**
 * How a strategy looks, on every page, in both themes and in every export: one colour and one line style.
 *
 * The colours are from the palette of Okabe and Ito, which colour-blind people can tell apart; these four keep 3:1 against
 * the chart's background in the dark and in the light theme.
 */
export type SeriesStrategy = 'off' | 'rotation' | 'hop' | 'hop_rotation'

export interface StrategyStyle {
  readonly label: string
  readonly colour: string
  /** Lengths of line and gap in px; empty = solid. */
  readonly dash: readonly number[]
}

export const strategyStyles: Record<SeriesStrategy, StrategyStyle> = {
  off: { label: 'cache off', colour: '#7f7f7f', dash: [2, 3] },
  rotation: { label: 'rotation', colour: '#0072b2', dash: [] },
  hop: { label: 'hop', colour: '#d55e00', dash: [7, 3] },
  hop_rotation: { label: 'hop_rotation', colour: '#009e73', dash: [8, 3, 2, 3] },
}

export const markers = ['circle', 'rect', 'triangle', 'rectRot', 'cross', 'crossRot'] as const
export type Marker = (typeof markers)[number]

/** Markers that are made of lines: they have no inside that could be hollow. */
export function isLineMarker(marker: Marker): boolean {
  return marker === 'cross' || marker === 'crossRot'
}
