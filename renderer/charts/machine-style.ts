import { markers } from '#shared/charts/strategy-style'
import type { SeriesStyle } from './strategy-style'

/** From the palette of Okabe and Ito, with grey: those that keep 3:1 against the charts' background in both themes. */
export const machineColours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#7f7f7f'] as const
const dashes = [[], [7, 3], [2, 3], [8, 3, 2, 3]] as const

/** The name that the one machine of the local lab has in files. */
const sharedMachine = 'local'

/** All hosts of the local lab are on this computer, and so is the window. */
export function machineLabel(machine: string): string {
  return machine === sharedMachine ? 'this computer (all hosts)' : machine
}

/** Styles of machines by their names: another colour each, and after five of them another dash. */
export function machineStyles(machines: readonly string[]): Map<string, SeriesStyle> {
  const sorted = [...machines].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  return new Map(
    sorted.map((machine, i) => [
      machine,
      styleOf(machineLabel(machine), i, Math.floor(i / machineColours.length)),
    ]),
  )
}

/** Of a power rail: the colour of its machine, and a dash of its own. */
export function railStyle(machine: SeriesStyle, rail: string, index: number): SeriesStyle {
  const dash = dashes[index % dashes.length]!
  return { ...machine, label: `${machine.label} ${rail}`, dash, marker: markers[index % markers.length]! }
}

function styleOf(label: string, index: number, round: number): SeriesStyle {
  return {
    label,
    colour: machineColours[index % machineColours.length]!,
    dash: dashes[round % dashes.length]!,
    marker: markers[index % markers.length]!,
    width: 1.5,
    virtual: false,
  }
}
