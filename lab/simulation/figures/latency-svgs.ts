import type { FigureQuestion } from '#shared/contract/simulation-api'
import { defaultParameters } from '#shared/experiment/parameters'
import { strategies } from '#shared/placement/placement'
import { layoutFigure } from '#shared/simulation/figures/layout-figure'
import { layoutFigureSvg } from '#shared/simulation/figures/layout-figure-svg'
import { lineFigureSvg } from '#shared/simulation/figures/line-figure-svg'
import { latencyFigure } from '#shared/simulation/figures/paper-figures'
import { checkConfiguration, type LatencyConfiguration } from '#shared/simulation/latency/configuration'
import { variedParameters, withValue } from '#shared/simulation/sweep/vary'
import type { NamedSvg } from './write-figures'

/**
 * The four figures of worst-case latency, and the layout of a block's chunks for every strategy, as the page shows them.
 * @throws SkyError `invalid_argument`, naming the parameter
 */
export function latencySvgs({ configuration, values, titles }: FigureQuestion): NamedSvg[] {
  const base: LatencyConfiguration = { ...configuration, strategy: 'rotation' }
  checkConfiguration(base)
  const lines = variedParameters.map((parameter) => {
    for (const value of values[parameter]) checkConfiguration(withValue(base, parameter, value))
    const figure = latencyFigure(base, parameter, values[parameter])
    return { name: figure.name, svg: lineFigureSvg(figure, { titles }) }
  })
  const { los_slots: losSlots, los_planes: losPlanes } = defaultParameters
  const layouts = strategies.map((strategy) => {
    const figure = layoutFigure({ ...base, strategy, losSlots, losPlanes })
    return { name: figure.name, svg: layoutFigureSvg(figure, { titles }) }
  })
  return [...lines, ...layouts]
}
