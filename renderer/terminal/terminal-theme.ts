import type { ITheme } from '@xterm/xterm'

/**
 * The sixteen colours of a terminal for each theme. On the ground of `--sunken` all but black (dark theme) and white (light
 * theme), which programs use as grounds, keep 4.5:1.
 */
const light = {
  black: '#171b21',
  red: '#b3261e',
  green: '#117a4b',
  yellow: '#8a5a00',
  blue: '#3642b8',
  magenta: '#9a2f86',
  cyan: '#006a75',
  white: '#c6cad2',
  brightBlack: '#545d6a',
  brightRed: '#a3170f',
  brightGreen: '#0b6b3f',
  brightYellow: '#7a4f00',
  brightBlue: '#4250d0',
  brightMagenta: '#86206f',
  brightCyan: '#005f69',
  brightWhite: '#ffffff',
} as const

const dark = {
  black: '#2a313c',
  red: '#ff8078',
  green: '#46c48a',
  yellow: '#e3aa3d',
  blue: '#8e9bff',
  magenta: '#e08bd0',
  cyan: '#5cc5d0',
  white: '#d5dae2',
  brightBlack: '#8692a1',
  brightRed: '#ff9f98',
  brightGreen: '#6fdaa7',
  brightYellow: '#f0c268',
  brightBlue: '#a5b0ff',
  brightMagenta: '#eeaae1',
  brightCyan: '#86d9e2',
  brightWhite: '#ffffff',
} as const

export const terminalColours = { light, dark } as const

/** @param tokens colours of the theme's tokens, as they are now */
export function terminalTheme(
  isDark: boolean,
  tokens: { readonly ground: string; readonly text: string; readonly accent: string },
): ITheme {
  return {
    ...(isDark ? dark : light),
    background: tokens.ground,
    foreground: tokens.text,
    cursor: tokens.accent,
    cursorAccent: tokens.ground,
    selectionBackground: isDark ? '#3a4576' : '#c9d0f7',
    scrollbarSliderBackground: isDark ? '#8692a155' : '#666f7c55',
    scrollbarSliderHoverBackground: isDark ? '#8692a199' : '#666f7c99',
    scrollbarSliderActiveBackground: isDark ? '#8692a1bb' : '#666f7cbb',
  }
}
