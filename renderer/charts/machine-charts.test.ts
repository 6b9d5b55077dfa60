import { describe, expect, it } from 'vitest'
import type { MachineLoad } from '#shared/contract/console-api'
import { contrast } from '../testing/contrast'
import { machineSpecs, type MachinePoint } from './machine-charts'
import { MachineHistory } from './machine-history'
import { machineColours, machineStyles } from './machine-style'

const load = (change: Partial<MachineLoad> = {}): MachineLoad => ({
  cpuLoad: 0.5,
  memoryUsedBytes: 2 ** 31,
  temperatureC: null,
  receivedBytesPerS: 1_048_576,
  sentBytesPerS: 0,
  gpuLoad: null,
  powerW: {},
  ...change,
})
const at = (x: number, machine: string, change?: Partial<MachineLoad>): MachinePoint => ({
  x,
  machine,
  load: load(change),
})

describe('charts of machines', () => {
  it('draw a line a machine, with units, and leave out what nobody measures', () => {
    const specs = machineSpecs([at(0, 'nuc2'), at(1, 'nuc2'), at(0, 'nuc10', { cpuLoad: null })], 'Time (s)')
    expect(specs.map(({ title, unit }) => `${title} ${unit}`)).toEqual([
      'CPU load %',
      'Memory in use GiB',
      'Network, received MiB/s',
      'Network, sent MiB/s',
    ])
    expect(specs[0]?.series.map(({ key, samples }) => [key, samples])).toEqual([['nuc2', 2]])
    expect(specs[1]?.series.map(({ key }) => key)).toEqual(['nuc2', 'nuc10'])
    expect(specs[1]?.series[0]?.points).toEqual([
      { x: 0, y: 2 },
      { x: 1, y: 2 },
    ])
  })

  it('draw a rail a line, in the colour of its machine', () => {
    const specs = machineSpecs(
      [at(0, 'jetson', { gpuLoad: 1, powerW: { VDD_SOC: 2, VDD_IN: 7 } })],
      'Time (s)',
    )
    const power = specs.find(({ title }) => title === 'Power')
    expect(power?.series.map(({ style, points }) => [style.label, points[0]?.y])).toEqual([
      ['jetson VDD_IN', 7],
      ['jetson VDD_SOC', 2],
    ])
    expect(new Set(power?.series.map(({ style }) => style.colour)).size).toBe(1)
    expect(new Set(power?.series.map(({ style }) => style.dash.join())).size).toBe(2)
  })

  it('draw the mean where trials lie over each other', () => {
    const [cpu] = machineSpecs([at(3, 'a', { cpuLoad: 0.2 }), at(3, 'a', { cpuLoad: 0.4 })], 'Time (s)')
    expect(cpu?.series[0]?.points[0]?.y).toBeCloseTo(0.3)
    expect(cpu?.series[0]?.samples).toBe(2)
  })

  it('are none without a reading', () => {
    expect(machineSpecs([], 'Time (s)')).toEqual([])
  })
})

describe('styles of machines', () => {
  it.each(machineColours)('%s keeps 3:1 against charts in both themes', (colour) => {
    expect(contrast(colour, '#ffffff')).toBeGreaterThanOrEqual(3)
    expect(contrast(colour, '#14181e')).toBeGreaterThanOrEqual(3)
  })

  it('tell twenty machines apart, in the order of their numbers', () => {
    const styles = [...machineStyles(Array.from({ length: 20 }, (_, i) => `nuc${i + 1}`)).values()]
    expect(styles[1]?.label).toBe('nuc2')
    expect(new Set(styles.map(({ colour, dash }) => `${colour} ${dash.join()}`)).size).toBe(20)
  })

  it('say that the hosts of the local lab share this computer', () => {
    expect(machineStyles(['local']).get('local')?.label).toBe('this computer (all hosts)')
  })
})

describe('the history of machines', () => {
  it('keeps a second once, however often it comes, and trials apart', () => {
    const history = new MachineHistory()
    history.add('t1', 0, { nuc1: load(), nuc2: load() })
    history.add('t1', 0, { nuc1: load({ cpuLoad: 0.9 }) })
    history.add('t2', 5, { nuc1: load() })
    history.add('t3', 0, {})
    expect(history.points('t1').map(({ machine, load: { cpuLoad } }) => [machine, cpuLoad])).toEqual([
      ['nuc1', 0.9],
      ['nuc2', 0.5],
    ])
    expect(history.points('t2', 100).map(({ x }) => x)).toEqual([105])
    expect(history.newestTrial).toBe('t2')
    history.forget('t2')
    expect(history.trialIds).toEqual(['t1'])
  })

  it('is bounded, and forgets the oldest', () => {
    const history = new MachineHistory()
    for (let second = 0; second < 10_000; second++) history.add('t', second, { nuc1: load() })
    const points = history.points('t')
    expect(points).toHaveLength(7_200)
    expect(points[0]?.x).toBe(2_800)
  })
})
