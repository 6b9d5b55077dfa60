import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '#lab/testing/folders'
import { tleFile, walkerElements } from '#shared/constellation/orbits/testing/make-tle'
import { commandLineUnderTest } from './testing/command-line'

const { run } = await commandLineUnderTest()
const orbits = (...args: string[]) => run(temporaryFolder(), 'orbits', ...args)

interface Printed {
  readonly orbits: string
  readonly satellites: number
  readonly start: string | null
  readonly warnings: string[]
  readonly gapS: number
  readonly samples: Record<string, number | string | null>[]
  readonly handovers: { tS: number; deltaSlots: number; deltaPlanes: number }[]
}

describe('orbits', () => {
  it('prints centre, elevation and distance of a preset, the same as JSON, CSV and table', async () => {
    const args = ['--preset', 'starlink-1', '--ground', '40.0,-105.3', '--duration', '60', '--step', '20']
    const json = await orbits(...args, '--json', '--start', '2026-01-02T00:00:00+01:00')
    expect([json.code, json.err]).toEqual([0, ''])
    const printed = JSON.parse(json.out) as Printed
    expect(printed).toMatchObject({
      orbits: 'walker',
      satellites: 1584,
      start: '2026-01-01T23:00:00.000Z',
      gapS: 0,
    })
    expect(printed.samples.map(({ t_s, time }) => [t_s, time])).toEqual([
      [0, '2026-01-01T23:00:00.000Z'],
      [20, '2026-01-01T23:00:20.000Z'],
      [40, '2026-01-01T23:00:40.000Z'],
      [60, '2026-01-01T23:01:00.000Z'],
    ])
    for (const { elevation_deg, slant_m, in_sight } of printed.samples) {
      expect(elevation_deg).toBeGreaterThan(40)
      expect(slant_m).toBeGreaterThan(549_000)
      expect(in_sight).toBeGreaterThan(5)
    }
    expect(printed.handovers.length).toBe(printed.samples.at(-1)?.['epoch'])

    const csv = await orbits(...args, '--csv')
    expect(csv.out).toContain('\r\n')
    const rows: Record<string, string>[] = parse(csv.out, { columns: true })
    expect(rows.map(({ slant_m }) => Number(slant_m))).toEqual(printed.samples.map(({ slant_m }) => slant_m))
    expect(rows[0]?.['time']).toBe('')

    const table = await orbits(...args)
    expect(table.out).toMatch(/in sight │ elevation ° │ slant km/)
    expect(table.out).toMatch(/72 planes of 22; hand-overs in 60 s: \d+; without a centre: 0 s/)
  })

  it('prints the rotations of the static torus', async () => {
    const { out } = await orbits('--preset', '19x5', '--duration', '700', '--step', '100', '--json')
    const { samples, handovers } = JSON.parse(out) as Printed
    expect(samples[0]).toMatchObject({
      centre_slot: 9,
      centre_plane: 2,
      in_sight: 9,
      slant_m: 550_000,
      elevation_deg: null,
    })
    expect(handovers).toMatchObject([
      { deltaSlots: -1, deltaPlanes: 0 },
      { deltaSlots: -1, deltaPlanes: 0 },
    ])
  })

  it('reads real satellites, names them, and warns of what is amiss', async () => {
    const data = temporaryFolder()
    const satellites = walkerElements({
      torus: { slots: 20, planes: 18 },
      pattern: 'delta',
      altitudeM: 550_000,
      inclinationDeg: 53,
      phasing: 5,
    })
    writeFileSync(join(data, 'shell.tle'), tleFile(satellites.slice(3)))
    const args = ['orbits', '--tle', 'shell.tle', '--ground', '48.1,11.6', '--min-elevation', '10', '--json']
    const { code, out, err } = await run(data, ...args, '--start', '2026-01-12T00:00:00Z')
    expect(code).toBe(0)
    expect(err).toMatch(/warning: 340 of 357 satellites form the grid of 17 planes of 20/)
    expect(err).toMatch(/warning: 340 of 340 element sets are more than 7 days away from the start/)
    const printed = JSON.parse(out) as Printed
    expect(printed).toMatchObject({ orbits: 'tle', satellites: 340, start: '2026-01-12T00:00:00.000Z' })
    expect(printed.samples[0]?.['satellite']).toMatch(/^SAT-\d+$/)
    expect(JSON.parse((await run(data, ...args)).out)).toMatchObject({ start: '2026-01-02T00:00:00.000Z' })
  })

  const ground = ['--ground', '40,-105']
  const preset = ['--preset', 'starlink-1']
  it.each([
    [[], /no orbits are named .*\nhint: Choose one of --preset/],
    [[...preset, '--tle', 'x'], /orbits are named more than once/],
    [preset, /these orbits need a ground station .*\nhint: Add --ground LAT,LON/],
    [[...preset, '--ground', '91,0'], /ground_lat_deg is 91: /],
    [[...preset, '--ground', '0,-180.5'], /ground_lon_deg is -180\.5: /],
    [[...preset, '--ground', 'Boulder'], /It must be LAT,LON in degrees/],
    [[...preset, '--ground', 'NaN,0'], /It must be LAT,LON in degrees/],
    [[...preset, ...ground, '--min-elevation', '90'], /min_elevation_deg is 90: /],
    [[...preset, ...ground, '--min-elevation', '-1'], /min_elevation_deg is -1: /],
    [[...preset, ...ground, '--min-elevation', 'nan'], /min_elevation_deg is NaN: /],
    [[...preset, ...ground, '--ground-altitude', 'Infinity'], /ground_altitude_m is Infinity: /],
    [[...preset, ...ground, '--altitude', '5'], /--altitude has no meaning without --walker/],
    [[...preset, ...ground, '--inclination', '5'], /--inclination has no meaning without --tle/],
    [['--preset', '19x5', ...ground], /--ground has no meaning with the preset 19x5/],
    [['--preset', 'iridium'], /Allowed choices are 19x5, starlink-1/],
    [['--walker', '53:1584/72/65', ...ground], /--walker needs --altitude/],
    [['--walker', '53:1584/72/65', ...ground, '--altitude', '0'], /altitude_m is 0: /],
    [['--walker', '53:1584/72/72', ...ground, '--altitude', '550000'], /phasing is 72: must be below/],
    [
      ['--walker', '53:1585/72/6', ...ground, '--altitude', '550000'],
      /1585 satellites do not fill 72 planes/,
    ],
    [['--tle', 'none.tle', ...ground], /none\.tle cannot be read: ENOENT/],
    [[...preset, ...ground, '--start', '2026-01-02'], /It must be a time with its zone/],
    [[...preset, ...ground, '--start', '2026-13-02T00:00:00Z'], /It must be a time with its zone/],
    [[...preset, ...ground, '--duration', '-1'], /number of seconds from 0/],
    [[...preset, ...ground, '--step', '0'], /number of seconds from 0\.1/],
    [
      [...preset, ...ground, '--step', '0.1', '--duration', '86400'],
      /are 864001 rows .*\nhint: Choose a longer --step/,
    ],
    [[...preset, ...ground, '--json', '--csv'], /cannot be used with option/],
  ])('refuses %j', async (args, message) => {
    const { code, out, err } = await orbits(...args)
    expect(err).toMatch(message)
    expect([code, out]).toEqual([1, ''])
  })

  it('refuses a damaged file with the numbers of its lines', async () => {
    const data = temporaryFolder()
    writeFileSync(
      join(data, 'bad.tle'),
      'ISS\n1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2928\n',
    )
    const { code, err } = await run(data, 'orbits', '--tle', 'bad.tle', ...ground)
    expect(err).toMatch(
      /bad\.tle has damaged element sets: line 2: its checksum is 8, but its digits make 7; line 3: /,
    )
    expect(code).toBe(1)
  })
})
