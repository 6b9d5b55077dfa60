/** What NVIDIA's files and programs say, read without surprises: every function answers null where the text is another one. */

export interface L4tRelease {
  /** Such as 36.4.3. */
  readonly version: string
  readonly board: string
}

/** Of /etc/nv_tegra_release: `# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64, DATE: ...` */
export function l4tRelease(line: string): L4tRelease | null {
  const [, major, revision] = /^# R(\d+) \(release\), REVISION: (\d+(?:\.\d+)*)/.exec(line) ?? []
  if (major === undefined || revision === undefined) return null
  return { version: `${major}.${revision}`, board: /, BOARD: ([^,]+)/.exec(line)?.[1] ?? '' }
}

/** JetPack versions by the L4T version that they bring (NVIDIA's JetPack archive), the newest first. */
const jetpacks: readonly (readonly [string, string])[] = [
  ['36.4.4', '6.2.1'],
  ['36.4.3', '6.2'],
  ['36.4', '6.1'],
  ['36.3', '6.0'],
  ['35.6', '5.1.4'],
  ['35.5', '5.1.3'],
  ['35.4', '5.1.2'],
  ['35.3', '5.1.1'],
  ['35.2', '5.1'],
  ['35.1', '5.0.2'],
  ['32.7', '4.6'],
]

/** The JetPack that belongs to an L4T version: exactly where the version is known, else by its generation, such as `6.x`. */
export function jetpackOf(l4t: string): string | null {
  const found = jetpacks.find(([release]) => l4t === release || l4t.startsWith(`${release}.`))
  if (found) return found[1]
  const generation = { '36': '6', '35': '5', '32': '4', '38': '7' }[l4t.split('.')[0] ?? '']
  return generation === undefined ? null : `${generation}.x`
}

export interface PowerMode {
  readonly name: string
  readonly id: number | null
}

/** Of `nvpmodel -q`: `NV Power Mode: MODE_15W` and the mode's number on the next line, among warnings about fans. */
export function powerMode(lines: readonly string[]): PowerMode | null {
  const index = lines.findIndex((line) => line.includes('NV Power Mode:'))
  if (index === -1) return null
  const name = (lines[index] ?? '').split('NV Power Mode:')[1]?.trim() ?? ''
  const next = lines[index + 1] ?? ''
  return name === '' ? null : { name, id: /^\d+$/.test(next) ? Number(next) : null }
}

export interface TegraStats {
  /** Share of the GPU's time, 0..1. */
  readonly gpuLoad: number | null
  readonly gpuMHz: number | null
  /** Degrees Celsius by sensor. */
  readonly temperatures: ReadonlyMap<string, number>
  /** Watts by power rail, at this moment. */
  readonly powerW: ReadonlyMap<string, number>
}

/** The sensor of the power chip shows a constant 100 degrees on many boards. */
const constantSensor = /^pmic$/i

/**
 * One line of `tegrastats`, of JetPack 4 to 6:
 * `... GR3D_FREQ 12%@[305] cpu@48.5C gpu@48.2C tj@49.2C VDD_IN 4552mW/4552mW`, on older ones `GR3D_FREQ 0% PLL@35C POM_5V_IN 1532/1532`.
 */
export function tegraStats(line: string): TegraStats | null {
  if (!/\bRAM \d+\/\d+MB\b/.test(line)) return null
  const gpu = /\bGR3D_FREQ (\d+)%(?:@\[?(\d+))?/.exec(line)
  const temperatures = new Map<string, number>()
  for (const [, name = '', value = ''] of line.matchAll(/ ([A-Za-z][\w]*)@(-?\d+(?:\.\d+)?)C\b/g)) {
    // Sensors that are off show -256.
    if (!constantSensor.test(name) && Number(value) > -100) temperatures.set(name, Number(value))
  }
  const powerW = new Map<string, number>()
  for (const [, name = '', value = ''] of line.matchAll(/ ((?:VDD|VIN|POM)_\w+) (\d+)(?:mW)?\/\d+(?:mW)?/g)) {
    powerW.set(name, Number(value) / 1_000)
  }
  return {
    gpuLoad: gpu ? Number(gpu[1]) / 100 : null,
    gpuMHz: gpu?.[2] === undefined ? null : Number(gpu[2]),
    temperatures,
    powerW,
  }
}
