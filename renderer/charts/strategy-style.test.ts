import { describe, expect, it } from 'vitest'
import { defaultParameters, type ParameterValues } from '#shared/experiment/parameters'
import { strategyStyles } from '#shared/charts/strategy-style'
import { contrast } from '../testing/contrast'
import { compareSeries, originOf, seriesOf, seriesStyles } from './strategy-style'

function trial(parameters: Partial<ParameterValues>, factors: Record<string, string | number> = {}) {
  return { parameters: { ...defaultParameters, ...parameters }, factors }
}

describe('strategy styles', () => {
  it('have a colour and a line style of their own', () => {
    const styles = Object.values(strategyStyles)
    expect(new Set(styles.map((style) => style.colour)).size).toBe(styles.length)
    expect(new Set(styles.map((style) => style.dash.join())).size).toBe(styles.length)
  })

  it.each(Object.values(strategyStyles))('$label keeps 3:1 against charts in both themes', ({ colour }) => {
    expect(contrast(colour, '#ffffff')).toBeGreaterThanOrEqual(3)
    expect(contrast(colour, '#14181e')).toBeGreaterThanOrEqual(3)
  })

  it('give a strategy the same colour and dash whatever else is in the chart', () => {
    const hop = seriesOf(trial({ strategy: 'hop', servers: 25 }))
    const alone = seriesStyles([hop]).get(hop.key)!
    const among = seriesStyles([seriesOf(trial({ cache: 'off' })), seriesOf(trial({ servers: 9 })), hop]).get(
      hop.key,
    )!
    expect([among.colour, among.dash]).toEqual([alone.colour, alone.dash])
  })

  it('name what a run of the simulator computed, at any link delay, and once', () => {
    for (const link_delay of ['off', 'simulated'] as const) {
      const series = seriesOf(trial({ link_delay }, { link_delay }), 'simulated')
      expect(series.label.match(/simulated/g)).toHaveLength(1)
      expect(originOf(seriesStyles([series]).get(series.key)!)).toBe('simulated')
    }
    const measured = seriesOf(trial({ link_delay: 'off' }), 'local')
    expect(originOf(seriesStyles([measured]).get(measured.key)!)).toBe('measured')
  })

  it('tell server counts of one strategy apart by the marker', () => {
    const series = [9, 25].map((servers) => seriesOf(trial({ servers })))
    const styles = seriesStyles(series)
    const [few, many] = series.map(({ key }) => styles.get(key)!)
    expect(few!.colour).toBe(many!.colour)
    expect(few!.marker).not.toBe(many!.marker)
  })
})

describe('variants of one strategy', () => {
  it('have markers of their own for other factors too', () => {
    const series = [160_000, 550_000, 1_200_000, 1_920_000].map((altitude_m) =>
      seriesOf(trial({ altitude_m, link_delay: 'virtual' }, { altitude_m })),
    )
    const styles = seriesStyles(series)
    expect(new Set(series.map(({ key }) => styles.get(key)!.marker)).size).toBe(4)
    expect(series.map(({ key }) => styles.get(key)!.marker)[0]).toBe('circle')
  })

  it('do not depend on the order in which series come', () => {
    const series = [25, 9].map((servers) => seriesOf(trial({ servers })))
    expect(seriesStyles(series).get(series[1]!.key)).toEqual(
      seriesStyles(series.toReversed()).get(series[1]!.key),
    )
  })
})

describe('series', () => {
  it('ignore strategy and servers without a cache', () => {
    const a = seriesOf(trial({ cache: 'off', strategy: 'hop', servers: 9 }))
    const b = seriesOf(trial({ cache: 'off', strategy: 'rotation', servers: 25 }))
    expect(a.key).toBe(b.key)
    expect(a.label).toBe('cache off')
  })

  it('never mix virtual with measured latencies, and say so', () => {
    const measured = seriesOf(trial({ link_delay: 'real' }))
    const virtual = seriesOf(trial({ link_delay: 'virtual' }))
    expect(measured.key).not.toBe(virtual.key)
    expect(virtual.label).toContain('virtual')
    expect(seriesStyles([virtual]).get(virtual.key)!.virtual).toBe(true)
    expect(seriesStyles([measured]).get(measured.key)!.virtual).toBe(false)
  })

  it('keep trials of other factors apart', () => {
    const small = seriesOf(trial({ chunk_bytes: 3072 }, { chunk_bytes: 3072 }))
    const large = seriesOf(trial({ chunk_bytes: 6144 }, { chunk_bytes: 6144 }))
    expect(small.key).not.toBe(large.key)
    expect(small.label).toBe('rotation · chunk_bytes 3072')
    const varied = seriesOf(trial({ servers: 25 }, { chunk_bytes: 3072, servers: 25 }))
    expect(varied.label).toBe('rotation, 25 servers · chunk_bytes 3072')
  })

  it('come baseline first, then by strategy and servers', () => {
    const series = [
      seriesOf(trial({ strategy: 'hop_rotation' })),
      seriesOf(trial({ servers: 25 })),
      seriesOf(trial({ servers: 9 })),
      seriesOf(trial({ cache: 'off' })),
    ]
    expect(series.sort(compareSeries).map((one) => one.label)).toEqual([
      'cache off',
      'rotation, 9 servers',
      'rotation, 25 servers',
      'hop_rotation, 9 servers',
    ])
  })
})
