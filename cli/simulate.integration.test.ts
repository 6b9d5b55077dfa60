import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '#lab/testing/folders'
import type { BlockLatency } from '#shared/simulation/latency/latency'
import { commandLineUnderTest, csvRows } from './testing/command-line'

const { run, start } = await commandLineUnderTest()

const simulate = (data: string, ...args: string[]): ReturnType<typeof run> => run(data, 'simulate', ...args)

/** Options of `simulate latency` as one line; later ones win. */
const latencyArgs = (changes = ''): string[] =>
  (
    '--preset paper --strategy rotation --servers 9 --slots 15 --planes 15 --centre 7,7 --kvc-bytes 22020096 ' +
    `--chunk-bytes 12288 --chunk-processing-time 0.02 --altitude 1920000 ${changes}`
  )
    .trim()
    .split(' ')

it('has help with examples for every command', async () => {
  const data = temporaryFolder()
  for (const command of ['latency', 'paper', 'sweep', 'figures']) {
    const { code, out } = await simulate(data, command, '--help')
    expect(code).toBe(0)
    expect(out).toContain(`Usage: skymemory simulate ${command}`)
    expect(out).toContain(`Examples:\n  skymemory simulate ${command}`)
  }
})

describe('simulate latency', () => {
  it('prints exactly the JSON that other programs expect', async () => {
    const data = temporaryFolder()
    const { code, out, err } = await simulate(data, 'latency', ...latencyArgs('--json'))
    const latency = JSON.parse(out) as BlockLatency
    expect(Object.keys(latency)).toEqual(['perServer', 'maxS', 'minS', 'meanS', 'stdS', 'seS'])
    expect(latency.perServer).toHaveLength(9)
    expect(JSON.stringify(latency.perServer[4])).toBe(
      '{"server":4,"slot":7,"plane":7,"chunks":199,"distanceM":1920000,"timeS":3.9864042695130086}',
    )
    // First row of the authors' table rotation.SERVERS.
    expect(latency.maxS).toBeCloseTo(4.017478502355813, 12)
    expect(latency.stdS).toBeCloseTo(0.00809265714504303, 12)
    expect(latency.seS).toBeCloseTo(0.00269755238168101, 12)
    expect([code, err]).toEqual([0, ''])
    expect(readdirSync(data)).toEqual([])
  })

  it('takes any number of servers, centres at the edge, and rotations; says its preset', async () => {
    const data = temporaryFolder()
    const args = latencyArgs('--preset default --servers 7 --centre 0,14 --rotations 3')
    const { code, out } = await simulate(data, 'latency', ...args)
    expect(code).toBe(0)
    expect(out).toContain('preset default: light travels 299792458 m/s')
    expect(out.match(/^│ +\d/gm)).toHaveLength(7)
  })

  it.each([
    ['--altitude 0', /altitude is 0 m \[invalid_argument\]\nhint: Allowed for altitude: above 0/],
    ['--altitude -5', /altitude is -5 m/],
    ['--altitude NaN', /altitude is NaN m/],
    ['--altitude -Infinity', /altitude is -Infinity m/],
    ['--altitude high', /--altitude <metres>' argument 'high' is invalid\. It must be a number/],
    ['--servers 226', /servers is 226, .*225 satellites .*\nhint: Allowed for servers: 1 to 225/],
    ['--servers 0', /servers is 0 .*\nhint: .*whole numbers from 1 on/],
    ['--servers 2.5', /servers is 2.5/],
    ['--centre 15,0', /centre is 15,0, outside .*\nhint: .*slots 0 to 14 and planes 0 to 14/],
    ['--centre -1,0', /It must be SLOT,PLANE/],
    ['--slots 0', /slots is 0/],
    ['--planes -3', /planes is -3/],
    ['--rotations -1', /rotations is -1/],
    ['--kvc-bytes 0', /kvc-bytes is 0/],
    ['--kvc-bytes Infinity', /kvc-bytes is Infinity/],
    ['--chunk-bytes -1', /chunk-bytes is -1/],
    ['--chunk-processing-time -0.1', /chunk-processing-time is -0.1 s/],
    ['--chunk-processing-time NaN', /chunk-processing-time is NaN s/],
    ['--preset best', /Allowed choices are default, paper/],
    ['--strategy best', /Allowed choices are rotation, hop, hop_rotation/],
  ])('refuses %s', async (change, message) => {
    const { code, out, err } = await simulate(temporaryFolder(), 'latency', ...latencyArgs(change), '--json')
    expect(err).toMatch(message)
    expect([code, out]).toEqual([1, ''])
  })
})

describe('simulate paper', () => {
  it('writes twelve tables and says which', async () => {
    const data = temporaryFolder()
    const { code, out, err } = await simulate(data, 'paper', '--out', 'tables')
    const names = readdirSync(join(data, 'tables'))
    expect([code, err, names.length]).toEqual([0, '', 12])
    for (const name of names) expect(out).toContain(`${name}\n`)
    expect(out.trimEnd().split('\n').at(-1)).toBe(join(data, 'tables'))
    const lines = readFileSync(join(data, 'tables', 'hop.KVC_BYTES.dat'), 'utf8').split('\n')
    expect(lines[0]).toBe('KVC_BYTES\tMAX\tMIN\tAVG\tSTD\tSE')
    expect(lines).toHaveLength(23)
    const { out: json } = await simulate(data, 'paper', '--out', 'tables', '--json')
    expect(JSON.parse(json)).toMatchObject({ preset: 'paper', directory: join(data, 'tables') })
  })

  it('says when the folder cannot be written', async () => {
    const data = temporaryFolder()
    writeFileSync(join(data, 'file'), '')
    const { code, err } = await simulate(data, 'paper', '--out', 'file')
    expect(err).toMatch(/Results cannot be written to .*file.*\[storage_unwritable\]/)
    expect(code).toBe(1)
    expect(existsSync(join(data, 'file', 'hop.KVC_BYTES.dat'))).toBe(false)
  })
})

describe('simulate sweep', () => {
  /** Options as one line; later ones win. */
  const sweepArgs = (changes = ''): string[] =>
    (
      '--servers 9,25 --slots 15 --planes 15 --centre 7,7 --altitude 160000:1920000:220000 --kvc-bytes 22020096 ' +
      `--chunk-processing-time 0.002:0.02:0.002 --out sweep ${changes}`
    )
      .trim()
      .split(' ')

  it('writes every combination, and says where', async () => {
    const data = temporaryFolder()
    const { code, out } = await simulate(data, 'sweep', ...sweepArgs('--preset paper,default'))
    expect(code).toBe(0)
    expect(out.trimEnd().split('\n')).toEqual([
      '1080 configurations in sweep.csv, manifest.json in:',
      join(data, 'sweep'),
    ])
    const rows = csvRows(join(data, 'sweep'), 'sweep.csv')
    expect(rows).toHaveLength(2 * 3 * 2 * 9 * 10)
    const asInThePaper = rows.find(
      (row) =>
        row.preset === 'paper' &&
        row.strategy === 'rotation' &&
        row.servers === '9' &&
        row.altitude_m === '1920000' &&
        row.chunk_processing_time_s === '0.02',
    )
    expect(Number(asInThePaper?.max_s)).toBeCloseTo(4.017478502355813, 12)
  })

  it('does not depend on the number of worker threads, nor on the centre', async () => {
    const data = temporaryFolder()
    const sums = new Set<string>()
    for (const workers of ['0', '1', '2']) {
      const { out } = await simulate(data, 'sweep', ...sweepArgs(`--workers ${workers} --json`))
      sums.add((JSON.parse(out) as { sha256: string }).sha256)
    }
    expect(sums.size).toBe(1)
    const every = sweepArgs('--centre every --servers 25 --strategy hop --altitude 550000')
    expect((await simulate(data, 'sweep', ...every)).code).toBe(0)
    const rows = csvRows(join(data, 'sweep'), 'sweep.csv')
    expect(rows).toHaveLength(225 * 10)
    expect(new Set(rows.map(({ max_s }) => max_s)).size).toBe(10)
  })

  it('ends at Ctrl+C with what it has', async () => {
    const data = temporaryFolder()
    const long = sweepArgs('--kvc-bytes 1048576:10485760:1000 --altitude 160000:1920000:1000 --workers 1')
    const running = start(data, 'simulate', 'sweep', ...long)
    await running.said(/^ +0% \| \d+\/\d+ configurations/m)
    running.child.kill('SIGINT')
    const { code, err } = await running.finished
    expect(code).toBe(130)
    expect(err).toMatch(/cancelled; what was computed is in .*sweep\.csv\.part \[cancelled\]/)
    expect(readdirSync(join(data, 'sweep'))).toEqual(['sweep.csv.part'])
  })

  it.each([
    ['--servers 9,226', /servers is 226, .*\[invalid_argument\]/],
    ['--servers 9,x', /"x" is not a number/],
    ['--servers 9,9', /a value occurs twice/],
    ['--altitude 0,1000', /altitude is 0 m/],
    ['--altitude 1:2', /neither a number nor from:to:step/],
    ['--kvc-bytes -1', /kvc-bytes is -1/],
    ['--chunk-processing-time NaN', /"NaN" is not a number/],
    ['--centre 7,7;15,0', /centre is 15,0, outside/],
    ['--centre every --slots 15,16', /centre is every, with several sizes of the torus/],
    ['--strategy hop,best', /It must be a list of rotation, hop, hop_rotation, each once/],
    ['--strategy hop,hop', /each once/],
    ['--workers -1', /whole number/],
    ['--kvc-bytes 1:100000:1 --chunk-bytes 1:100000:1', /configurations \[invalid_argument\]/],
  ])('refuses %s', async (change, message) => {
    const data = temporaryFolder()
    const { code, out, err } = await simulate(data, 'sweep', ...sweepArgs(change))
    expect(err).toMatch(message)
    expect([code, out]).toEqual([1, ''])
    expect(readdirSync(data)).toEqual([])
  })
})

describe('simulate figures', () => {
  it('draws the figures of the paper and the layout of every strategy', async () => {
    const data = temporaryFolder()
    const { code, out, err } = await simulate(data, 'figures', '--out', 'figures', '--json', '--dpi', '100')
    expect([code, err]).toEqual([0, ''])
    const { directory, files } = JSON.parse(out) as { directory: string; files: string[] }
    expect(directory).toBe(join(data, 'figures'))
    expect(readdirSync(directory).sort()).toEqual(files.toSorted())
    expect(files.filter((file) => file.startsWith('latency-') && file.endsWith('.svg'))).toHaveLength(4)
    expect(files.filter((file) => file.startsWith('layout-') && file.endsWith('.png'))).toHaveLength(3)
    const png = readFileSync(join(directory, 'latency-altitude.png'))
    expect(png.readUInt32BE(16)).toBe(350)
  })

  it('draws the layout of any placement and rotation', async () => {
    const data = temporaryFolder()
    const options =
      '--only layout --strategy rotation --servers 10 --slots 19 --planes 5 --centre 0,4 --rotations 20 --no-titles'
    const { code } = await simulate(data, 'figures', '--out', '.', ...options.split(' '))
    expect(code).toBe(0)
    const name = 'layout-rotation-19x5-centre-0-4-servers-10-rotations-20'
    expect(readdirSync(data).sort()).toEqual([`${name}.png`, `${name}.svg`])
    const svg = readFileSync(join(data, `${name}.svg`), 'utf8')
    expect(svg).toContain('LOS window')
    expect(svg).not.toMatch(/<text[^>]*>rotation: chunks/)
  })

  it.each([
    ['--servers 226', /servers is 226, but 15 slots and 15 planes/],
    ['--slots 5', /servers is 81, but 5 slots/],
    ['--slots 5 --servers 9', /centre is 7,7, outside/],
    ['--rotations -1', /rotations is -1/],
    ['--los-slots 0', /los-slots is 0/],
    ['--kvc-bytes NaN', /kvc-bytes is NaN/],
    ['--dpi 10', /whole number from 72 to 1200/],
    ['--only nothing', /Allowed choices are latency, layout/],
  ])('refuses %s', async (change, message) => {
    const data = temporaryFolder()
    const { code, err } = await simulate(data, 'figures', '--out', 'figures', ...change.split(' '))
    expect(err).toMatch(message)
    expect(code).toBe(1)
    expect(readdirSync(data)).toEqual([])
  })
})
