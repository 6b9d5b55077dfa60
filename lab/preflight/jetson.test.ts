import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jetpackOf, l4tRelease, powerMode, tegraStats } from './jetson'

/** Forms of the outputs of JetPack 4, 5 and 6. */
const orin =
  '07-19-2024 23:24:25 RAM 2449/7620MB (lfb 4x4MB) SWAP 0/3810MB (cached 0MB) CPU [2%@1510,0%@1510,off,off] GR3D_FREQ 12%@[305] cpu@48.5C soc2@47.125C soc0@48.7C gpu@48.2C tj@49.2C soc1@-256C VDD_IN 4552mW/4600mW VDD_CPU_GPU_CV 483mW/480mW VDD_SOC 1330mW/1330mW'
const nano =
  'RAM 1216/3964MB (lfb 330x4MB) SWAP 0/1982MB (cached 0MB) IRAM 0/252kB(lfb 252kB) CPU [12%@102,5%@102,off,off] EMC_FREQ 0% GR3D_FREQ 0% PLL@35C CPU@37.5C PMIC@100C GPU@36C AO@43.5C thermal@36.75C POM_5V_IN 1532/1600 POM_5V_GPU 0/0 POM_5V_CPU 123/130'

describe('nv_tegra_release', () => {
  it.each([
    [
      '# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64, DATE: Wed Jan  8 01:49:37 UTC 2025',
      '36.4.3',
      'generic',
      '6.2',
    ],
    [
      '# R36 (release), REVISION: 3.0, GCID: 36923193, BOARD: generic, EABI: aarch64, DATE: Fri Jul 19 23:24:25 UTC 2024',
      '36.3.0',
      'generic',
      '6.0',
    ],
    [
      '# R35 (release), REVISION: 4.1, GCID: 33958178, BOARD: t186ref, EABI: aarch64, DATE: Tue Aug  1 19:57:35 UTC 2023',
      '35.4.1',
      't186ref',
      '5.1.2',
    ],
    [
      '# R32 (release), REVISION: 7.1, GCID: 29818004, BOARD: t210ref, EABI: aarch64, DATE: Sat Feb 19 17:05:08 UTC 2022',
      '32.7.1',
      't210ref',
      '4.6',
    ],
  ])('%s', (line, version, board, jetpack) => {
    expect(l4tRelease(line)).toEqual({ version, board })
    expect(jetpackOf(version)).toBe(jetpack)
  })

  it('names only the generation of releases that are not known, and nothing of others', () => {
    expect(jetpackOf('36.9.1')).toBe('6.x')
    expect(jetpackOf('35.60.0')).toBe('5.x')
    expect(jetpackOf('99.1')).toBeNull()
    expect(l4tRelease('# R36 (release)')).toBeNull()
    expect(l4tRelease('')).toBeNull()
  })
})

describe('nvpmodel -q', () => {
  it.each([
    [['NV Power Mode: MAXN', '0'], { name: 'MAXN', id: 0 }],
    [['NVPM WARN: fan mode is not set!', 'NV Power Mode: MODE_15W', '2'], { name: 'MODE_15W', id: 2 }],
    [['NV Fan Mode:quiet', 'NV Power Mode: 15W'], { name: '15W', id: null }],
    [['NV Power Mode:', '1'], null],
    [['NVPM ERROR: Error opening /var/lib/nvpmodel/status: 13'], null],
    [[], null],
  ])('%j', (lines, mode) => {
    expect(powerMode(lines)).toEqual(mode)
  })
})

describe('tegrastats', () => {
  it('of an Orin: load and clock of the GPU, temperatures of sensors that are on, power', () => {
    const stats = tegraStats(orin)
    expect(stats).toMatchObject({ gpuLoad: 0.12, gpuMHz: 305 })
    expect(Object.fromEntries(stats?.temperatures ?? [])).toEqual({
      cpu: 48.5,
      soc2: 47.125,
      soc0: 48.7,
      gpu: 48.2,
      tj: 49.2,
    })
    expect(Object.fromEntries(stats?.powerW ?? [])).toEqual({
      VDD_IN: 4.552,
      VDD_CPU_GPU_CV: 0.483,
      VDD_SOC: 1.33,
    })
  })

  it('of a Nano: without the sensor that always shows 100 degrees', () => {
    const stats = tegraStats(nano)
    expect(stats).toMatchObject({ gpuLoad: 0, gpuMHz: null })
    expect(stats?.temperatures.has('PMIC')).toBe(false)
    expect(stats?.temperatures.get('AO')).toBe(43.5)
    expect(stats?.powerW.get('POM_5V_IN')).toBe(1.532)
  })

  it('is nothing for other text, and never fails', () => {
    expect(tegraStats('')).toBeNull()
    expect(tegraStats('tegrastats: command not found')).toBeNull()
    fc.assert(
      fc.property(fc.string(), fc.nat(orin.length), (noise, at) => {
        const stats = tegraStats(orin.slice(0, at) + noise + orin.slice(at))
        for (const value of stats?.temperatures.values() ?? []) expect(Number.isFinite(value)).toBe(true)
      }),
    )
  })
})
