/** Colours that a canvas needs, taken from the theme's tokens as they are now. */
export interface ChartPalette {
  readonly background: string
  readonly text: string
  readonly muted: string
  readonly grid: string
  readonly border: string
  readonly raised: string
  readonly fault: string
  readonly accent: string
}

/** Tokens are light-dark() pairs, which only resolve in a property that takes a colour: so ask a hidden probe. */
export function chartPalette(host: HTMLElement): ChartPalette {
  const probe = document.createElement('span')
  probe.hidden = true
  host.append(probe)
  const colour = (token: string): string => {
    probe.style.color = `var(${token})`
    return getComputedStyle(probe).color
  }
  const palette: ChartPalette = {
    background: colour('--surface'),
    text: colour('--text'),
    muted: colour('--text-muted'),
    grid: colour('--grid-line'),
    border: colour('--border'),
    raised: colour('--raised'),
    fault: colour('--bad'),
    accent: colour('--accent'),
  }
  probe.remove()
  return palette
}
