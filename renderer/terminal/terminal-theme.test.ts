import { describe, expect, it } from 'vitest'
import tokens from '../theme/tokens.css?raw'
import { terminalColours, terminalTheme } from './terminal-theme'

/** Relative luminance, WCAG 2.2. */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (high! + 0.05) / (low! + 0.05)
}

const [, lightGround, darkGround] = /--sunken: light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/.exec(tokens)!
/** Grounds of programs, which text is not written in. */
const grounds = { light: ['white', 'brightWhite'], dark: ['black'] } as const

describe('the colours of terminals', () => {
  it.each([
    ...Object.entries(terminalColours.light).map(
      ([name, colour]) => ['light', name, colour, lightGround!] as const,
    ),
    ...Object.entries(terminalColours.dark).map(
      ([name, colour]) => ['dark', name, colour, darkGround!] as const,
    ),
  ])('of the %s theme: %s is readable', (theme, name, colour, ground) => {
    if ((grounds[theme] as readonly string[]).includes(name)) return
    expect(contrast(colour, ground)).toBeGreaterThanOrEqual(4.5)
  })

  it('stand on the ground and in the text of the theme', () => {
    const theme = terminalTheme(true, { ground: '#0b0e12', text: '#e4e8ee', accent: '#8e9bff' })
    expect(theme).toMatchObject({
      background: '#0b0e12',
      foreground: '#e4e8ee',
      red: terminalColours.dark.red,
    })
  })
})
