import { describe, expect, it } from 'vitest'
import { strategyStyles } from '#shared/charts/strategy-style'
import { describeChart, type LineChartSpec } from './chart-spec'
import { lineChartCsv } from './export-csv'
import { lineChartSvg } from './export-svg'
import type { SeriesStyle } from './strategy-style'

const style: SeriesStyle = {
  ...strategyStyles.hop,
  label: 'hop, 9 "servers" <x>',
  marker: 'rect',
  width: 2,
  virtual: false,
}
const spec: LineChartSpec = {
  title: 'TTFT p50',
  unit: 'ms',
  xTitle: 'Time (s)',
  series: [
    {
      key: 'hop',
      style,
      points: [
        { x: 0.5, y: 120 },
        { x: 1.5, y: 80 },
      ],
      samples: 42,
    },
    { key: 'none', style: { ...style, label: 'empty' }, points: [], samples: 0 },
  ],
  events: [{ x: 1, label: 'nuc3 ended', severity: 'fault' }],
}

it('a chart describes itself in words', () => {
  expect(describeChart(spec, (y) => `${y} ms`)).toBe(
    'TTFT p50, 42 samples. hop, 9 "servers" <x>: last 80 ms, from 80 ms to 120 ms.',
  )
})

describe('exported SVG', () => {
  const svg = lineChartSvg(spec, { width: 960, height: 480 })

  it('has title, unit, sample count, legend and the fault', () => {
    for (const text of ['TTFT p50', '>ms<', 'n = 42', 'nuc3 ended']) expect(svg).toContain(text)
    expect(svg).toContain('hop, 9 &quot;servers&quot; &lt;x&gt;')
  })

  it('draws the line in the strategy colour and dash', () => {
    expect(svg).toContain(`stroke="${strategyStyles.hop.colour}"`)
    expect(svg).toContain(`stroke-dasharray="${strategyStyles.hop.dash.join(' ')}"`)
  })

  it('has finite coordinates only, also of a chart without points', () => {
    const empty = lineChartSvg({ ...spec, series: [] }, { width: 960, height: 480 })
    for (const picture of [svg, empty]) expect(picture).not.toMatch(/NaN|Infinity/)
  })

  it('draws shares where the axis in per cent has them', () => {
    const share = { ...spec.series[0]!, points: [0.5, 1.5].map((x) => ({ x, y: 0.5 })) }
    const picture = lineChartSvg({ ...spec, unit: '%', series: [share] }, { width: 960, height: 480 })
    // The plot goes from y = 428 for 0 % up to 72 for 100 %.
    expect(picture).toContain('M354.67 250L936 250')
    expect(picture).toMatch(/<line x1="64" y1="356\.8"[^>]*>\n<text x="56" y="360\.8"[^>]*>20</)
  })

  it('draws virtual series hollow', () => {
    const virtual = { ...spec, series: [{ ...spec.series[0]!, style: { ...style, virtual: true } }] }
    expect(lineChartSvg(virtual, { width: 960, height: 480 })).toContain(
      'fill="none" stroke="#d55e00" stroke-width="1.2"',
    )
  })
})

it('exported CSV quotes and marks what was measured', () => {
  expect(lineChartCsv(spec).split('\r\n')).toEqual([
    'series,delay,Time (s),TTFT p50 (ms)',
    '"hop, 9 ""servers"" <x>",measured,0.5,120',
    '"hop, 9 ""servers"" <x>",measured,1.5,80',
    '',
  ])
})

it('exported CSV marks virtual series, and writes shares as such', () => {
  const virtual = { ...spec.series[0]!, style: { ...style, label: 'hop', virtual: true } }
  const shares = { ...spec, title: 'Block hit rate', unit: '%', series: [virtual] }
  expect(lineChartCsv(shares).split('\r\n').slice(0, 2)).toEqual([
    'series,delay,Time (s),Block hit rate (share)',
    'hop,virtual,0.5,120',
  ])
})
