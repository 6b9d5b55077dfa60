import { describe, expect, it } from 'vitest'
import tokens from './tokens.css?raw'

type Rgb = readonly [number, number, number]

function rgb(hex: string): Rgb {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb
}

/** Relative luminance, WCAG 2.2. */
function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((value) => {
    const channel = value / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(rgb(a)), luminance(rgb(b))].sort((x, y) => x - y)
  return (high! + 0.05) / (low! + 0.05)
}

/** A token of plain hex colours: [light, dark]. */
function pair(name: string): readonly [string, string] {
  const both = new RegExp(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(tokens)
  const one = new RegExp(`--${name}: (#[0-9a-f]{6});`).exec(tokens)
  if (both) return [both[1]!, both[2]!]
  if (one) return [one[1]!, one[1]!]
  throw new Error(`no colour --${name} in tokens.css`)
}

const surfaces = ['canvas', 'surface', 'raised', 'sunken', 'field'] as const
const cases = (texts: readonly string[], grounds: readonly string[]) =>
  texts.flatMap((text) =>
    grounds.flatMap((ground) =>
      (['light', 'dark'] as const).map((theme, i) => ({
        text,
        ground,
        theme,
        ratio: contrast(pair(text)[i]!, pair(ground)[i]!),
      })),
    ),
  )

describe('contrast of the themes', () => {
  it.each([
    ...cases(['text', 'text-muted', 'text-faint', 'accent', 'ok', 'warn', 'bad'], surfaces),
    ...cases(['text', 'text-muted'], ['hover', 'selected', 'bad-soft', 'accent-soft']),
    ...cases(['bad'], ['bad-soft']),
    ...cases(['warn'], ['warn-soft']),
    ...cases(['on-accent'], ['accent-fill', 'accent-fill-hover']),
  ])('$text on $ground is readable in the $theme theme', ({ ratio }) => {
    expect(ratio).toBeGreaterThanOrEqual(4.5)
  })

  it.each(cases(['focus', 'border-strong', 'window-edge', 'traffic'], ['surface']))(
    '$text can be seen on $ground in the $theme theme',
    ({ ratio }) => {
      expect(ratio).toBeGreaterThanOrEqual(3)
    },
  )
})
