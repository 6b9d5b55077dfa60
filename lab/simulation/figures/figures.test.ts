import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { layFigureResources } from '#lab/testing/figure-resources'
import { temporaryFolder } from '#lab/testing/folders'
import { lineFigureSvg } from '#shared/simulation/figures/line-figure-svg'
import { paperFigures } from '#shared/simulation/figures/paper-figures'
import { pngRenderer } from './png'
import { writeFigures } from './write-figures'

const resources = (): string => layFigureResources(join(temporaryFolder(), 'figures'))

const picture = (text: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="36pt" viewBox="0 0 72 36"><text x="5" y="20" font-family="DejaVu Sans" font-size="9">${text}</text></svg>`

describe('PNG files', () => {
  it('have the size on paper that the SVG asks for', async () => {
    const png = (await pngRenderer(resources())).render(picture('a'), 300)
    expect(png.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([300, 150])
    // pHYs follows the header: 300 dpi are 11,811 pixels a metre.
    expect(png.toString('latin1', 37, 41)).toBe('pHYs')
    expect([png.readUInt32BE(41), png.readUInt32BE(45), png.readUInt8(49)]).toEqual([11_811, 11_811, 1])
  })

  it('hold text, drawn with the font that is brought', async () => {
    const { render } = await pngRenderer(resources())
    const [empty, drawn, other] = [picture(''), picture('Latency (s)'), picture('Servers')].map((svg) =>
      render(svg, 150),
    )
    expect(drawn!.length).toBeGreaterThan(empty!.length * 1.5)
    expect(drawn!.equals(other!)).toBe(false)
  })

  it('are the same every time', async () => {
    const svg = lineFigureSvg(paperFigures()[1]!)
    const [first, second] = [await pngRenderer(resources()), await pngRenderer(resources())]
    expect(first.render(svg, 100).equals(second.render(svg, 100))).toBe(true)
  })

  it('cannot be drawn without what draws them, and say so', async () => {
    await expect(pngRenderer('/nowhere')).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringContaining('/nowhere') as string,
    })
  })
})

describe('writeFigures', () => {
  it('writes each figure as SVG and PNG', async () => {
    const directory = join(temporaryFolder(), 'new')
    const svg = picture('a')
    expect(await writeFigures([{ name: 'one', svg }], directory, resources(), 72)).toEqual([
      'one.svg',
      'one.png',
    ])
    expect(readFileSync(join(directory, 'one.svg'), 'utf8')).toBe(svg)
    expect(readFileSync(join(directory, 'one.png')).readUInt32BE(16)).toBe(72)
  })

  it('says which folder it cannot write to', async () => {
    await expect(writeFigures([], '/dev/null/below', resources())).rejects.toMatchObject({
      code: 'storage_unwritable',
      message: expect.stringContaining('/dev/null/below') as string,
    })
  })
})
