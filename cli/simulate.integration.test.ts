import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '#lab/testing/folders'
import type { BlockLatency } from '#shared/simulation/latency/latency'
import { commandLineUnderTest } from './testing/command-line'

const { run } = await commandLineUnderTest()

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
  for (const command of ['latency', 'paper']) {
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
