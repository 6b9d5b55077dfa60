import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { strategyStyles } from '../../charts/strategy-style'
import { strategies } from '../../placement/placement'
import { anyPlacement } from '../../placement/testing/any-placement'
import { blockLatency } from '../latency/latency'
import { paperConfiguration, paperValues } from '../sweep/paper-sweep'
import { layoutFigure, type LayoutSetting } from './layout-figure'
import { layoutFigureSvg } from './layout-figure-svg'
import { lineFigureSvg } from './line-figure-svg'
import { figureNumber, textWidth, tickLabels, wrapNote } from './page'
import { latencyFigure, paperFigures } from './paper-figures'

const texts = (svg: string): string[] => [...svg.matchAll(/<text [^>]*>([^<]*)</g)].map((found) => found[1]!)

describe("the paper's figures", () => {
  const figures = paperFigures()

  test('are four, with a line a strategy and units on their axes', () => {
    expect(figures.map(({ name, xTitle, yTitle }) => [name, xTitle, yTitle])).toEqual([
      ['latency-kvc-size', 'KVC size (MiB)', 'Worst-case latency (s)'],
      ['latency-servers', 'Servers', 'Worst-case latency (s)'],
      ['latency-processing-time', 'Processing time of a chunk (ms)', 'Worst-case latency (s)'],
      ['latency-altitude', 'Altitude (km)', 'Worst-case latency (s)'],
    ])
    for (const { lines, note } of figures) {
      expect(lines.map(({ strategy }) => strategy)).toEqual(strategies)
      expect(note).toContain('simulated, preset paper')
    }
  })

  test('show the worst of the servers', () => {
    const [size] = figures
    size!.lines.forEach(({ strategy, points }) => {
      expect(points.map(({ x }) => x)).toEqual(Array.from({ length: 21 }, (_, index) => index + 1))
      points.forEach(({ y }, index) => {
        const kvcBytes = paperValues.KVC_BYTES[index]!
        expect(y).toBe(blockLatency({ ...paperConfiguration, strategy, kvcBytes }).maxS)
      })
    })
  })

  test.each(figures)(
    '$name is drawn in the colours and dashes of the strategies, with real text',
    (figure) => {
      const svg = lineFigureSvg(figure)
      for (const strategy of strategies) {
        const { colour, dash, label } = strategyStyles[strategy]
        expect(svg).toContain(`stroke="${colour}"`)
        if (dash.length > 0) expect(svg).toContain(dash.map((length) => length * 0.75).join(' '))
        expect(texts(svg)).toContain(label)
      }
      expect(texts(svg)).toEqual(expect.arrayContaining([figure.title, figure.xTitle, figure.yTitle]))
      expect(svg).not.toMatch(/NaN|Infinity|undefined/)
      expect(svg).toMatch(/^<svg [^>]*width="252pt"/)
    },
  )

  test('leave title and small print away where a caption says it', () => {
    const plain = texts(lineFigureSvg(figures[0]!, { titles: false }))
    expect(plain).not.toContain(figures[0]!.title)
    expect(plain.join()).not.toContain('preset')
    expect(plain).toContain('KVC size (MiB)')
  })

  test('stay inside of the picture, whatever varies', () => {
    const values = fc.uniqueArray(fc.double({ min: 1, max: 1e9, noNaN: true }), {
      minLength: 1,
      maxLength: 30,
    })
    fc.assert(
      fc.property(values, (altitudes) => {
        const svg = lineFigureSvg(latencyFigure(paperConfiguration, 'ALTITUDE', altitudes))
        expect(svg).not.toMatch(/NaN|Infinity/)
        for (const [, x, y] of svg.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)) {
          expect(Number(x)).toBeGreaterThan(0)
          expect(Number(x)).toBeLessThan(252)
          expect(Number(y)).toBeGreaterThan(0)
          expect(Number(y)).toBeLessThan(200)
        }
      }),
      { numRuns: 50 },
    )
  })
})

describe('the layout of chunks', () => {
  const testbed: LayoutSetting = {
    strategy: 'hop_rotation',
    torus: { slots: 19, planes: 5 },
    centre: { slot: 1, plane: 0 },
    rotations: 3,
    servers: 25,
    kvcBytes: 2_883_584,
    chunkBytes: 12_288,
    losSlots: 3,
    losPlanes: 3,
  }

  test('shows the whole of a small torus, its centre turned, its window wrapped around', () => {
    const figure = layoutFigure(testbed)
    expect([figure.columns, figure.rows, figure.cells.length]).toEqual([19, 5, 95])
    expect(figure.cells.find((cell) => cell.isCentre)).toMatchObject({ slot: 17, plane: 0 })
    const window = figure.cells.filter((cell) => cell.inLos).map(({ slot, plane }) => `${slot},${plane}`)
    expect(window.sort()).toEqual(
      ['16,0', '16,1', '16,4', '17,0', '17,1', '17,4', '18,0', '18,1', '18,4'].sort(),
    )
  })

  test('shows every server once with its chunks, which are those of the block', () => {
    const settings = anyPlacement.map((placed): LayoutSetting => ({ ...testbed, ...placed }))
    fc.assert(
      fc.property(settings, (setting) => {
        const { cells, hiddenServers } = layoutFigure(setting)
        const servers = cells.flatMap(({ server }) => (server ? [server] : []))
        expect(hiddenServers).toBe(0)
        expect(servers.map(({ number }) => number).sort((a, b) => a - b)).toEqual(
          Array.from({ length: setting.servers }, (_, index) => index),
        )
        expect(servers.reduce((sum, { chunks }) => sum + chunks, 0)).toBe(235)
        expect(cells.filter((cell) => cell.isCentre)).toHaveLength(1)
      }),
    )
  })

  test('of a large torus it shows what lies around the centre, and says what it does not', () => {
    const large = { ...testbed, torus: { slots: 100, planes: 100 }, centre: { slot: 0, plane: 99 } }
    const few = layoutFigure({ ...large, strategy: 'hop', servers: 13 })
    expect([few.columns, few.rows, few.hiddenServers]).toEqual([9, 9, 0])
    expect(few.cells[0]).toMatchObject({ slot: 96, plane: 95 })
    const many = layoutFigure({ ...large, servers: 10_000 })
    expect([many.columns, many.rows, many.hiddenServers]).toEqual([47, 47, 10_000 - 47 * 47])
    expect(texts(layoutFigureSvg(many)).join(' ')).toContain(
      `${10_000 - 47 * 47} servers outside of the picture`,
    )
  })

  test('on board, nobody looks from the ground', () => {
    const { cells } = layoutFigure({ ...testbed, strategy: 'hop' })
    expect(cells.some((cell) => cell.inLos)).toBe(false)
  })

  test('is drawn with numbers of servers and chunks, and says how many have how many', () => {
    const svg = layoutFigureSvg(
      layoutFigure({ ...testbed, torus: { slots: 7, planes: 5 }, servers: 9, rotations: 0 }),
    )
    const drawn = texts(svg)
    for (let server = 0; server < 9; server++) expect(drawn).toContain(String(server))
    expect(drawn.filter((text) => text === '27')).toHaveLength(1)
    expect(drawn.filter((text) => text === '26')).toHaveLength(8)
    expect(drawn).toContain('27 chunks (1 server)')
    expect(drawn).toContain('26 chunks (8 servers)')
    expect(drawn).toContain('LOS window 3×3')
    expect(drawn).toContain('hop_rotation: chunks on 9 servers')
  })

  test.each<[Partial<LayoutSetting>, RegExp]>([
    [{ servers: 96 }, /servers is 96/],
    [{ centre: { slot: 19, plane: 0 } }, /centre is 19,0/],
    [{ losSlots: 0 }, /los-slots is 0/],
    [{ losPlanes: NaN }, /los-planes is NaN/],
    [{ rotations: -1 }, /rotations is -1/],
    [{ kvcBytes: Infinity }, /kvc-bytes is Infinity/],
  ])('refuses %j', (change, message) => {
    expect(() => layoutFigure({ ...testbed, ...change })).toThrow(message)
  })
})

test('numbers of a figure', () => {
  expect([0, 12, 999, 1000, 1_234_567, 0.25, 1234.5].map((value) => figureNumber(value))).toEqual([
    '0',
    '12',
    '999',
    '1,000',
    '1,234,567',
    '0.25',
    '1,234.5',
  ])
  expect(tickLabels([0.49, 0.5, 0.51])).toEqual(['0.49', '0.50', '0.51'])
  expect(tickLabels([0, 500, 1000])).toEqual(['0', '500', '1,000'])
})

test('small print is wrapped between its parts', () => {
  const lines = wrapNote(
    ['one part', 'another part', 'a third part'],
    textWidth('one part · another part', 6),
    6,
  )
  expect(lines).toEqual(['one part · another part', 'a third part'])
})
