import type { Strategy } from '../../placement/placement'

/** A line chart for print, as plain data: one line a strategy. */
export interface LineFigure {
  /** Name of its files, without extension. */
  readonly name: string
  readonly title: string
  /** Axis titles with their units. */
  readonly xTitle: string
  readonly yTitle: string
  readonly lines: readonly FigureLine[]
  /** Ticks stand at these x; at round numbers where it is null. */
  readonly xTicks: readonly number[] | null
  /** What does not vary, and what made the figure: small print. */
  readonly note: readonly string[]
}

export interface FigureLine {
  readonly strategy: Strategy
  /** Ascending in x. */
  readonly points: readonly { readonly x: number; readonly y: number }[]
}
