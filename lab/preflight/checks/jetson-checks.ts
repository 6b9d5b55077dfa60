import { jetpackOf, l4tRelease, powerMode, tegraStats } from '../jetson'
import type { Probe } from '../probe'
import { isOlder, ok, skipped, verdict, type CheckOf, type Verdict } from './check'

/** JetPack 5 is the first one whose C library fits Node 22. */
const oldestL4t = '35.1'

export const isJetson = (probe: Probe): boolean =>
  probe.has('tegra') || /\bjetson\b/i.test(probe.one('model'))

/** A check that has a meaning on Jetsons only. */
function onJetson(id: string, title: string, judge: (probe: Probe) => Verdict): CheckOf {
  return { id, title, judge: ({ probe }) => (isJetson(probe) ? judge(probe) : skipped('not a Jetson')) }
}

const modelCheck = onJetson('jetson_model', 'Jetson', (probe) => {
  const found = probe.one('model')
  return found === ''
    ? verdict(
        'warning',
        'unknown model',
        'a Jetson with its name',
        'The device tree names no model: flash the board anew if it misbehaves.',
      )
    : ok(found)
})

const jetpackCheck = onJetson('jetpack', 'JetPack', (probe) => {
  const needed = 'JetPack 5 or newer'
  const release = l4tRelease(probe.one('tegra'))
  const named = probe.one('jetpack')
  if (release === null) {
    return verdict(
      'warning',
      named === '' ? 'unknown' : `JetPack ${named}`,
      needed,
      'It could not be read from /etc/nv_tegra_release.',
    )
  }
  const jetpack =
    named !== ''
      ? `JetPack ${named}`
      : jetpackOf(release.version) === null
        ? ''
        : `JetPack ${jetpackOf(release.version)}`
  const found = [jetpack, `L4T ${release.version}`].filter(Boolean).join(', ')
  const advice = 'Update to JetPack 5 or newer: the C library of older ones is too old for Node 22.'
  return verdict(isOlder(release.version, oldestL4t) ? 'failed' : 'ok', found, needed, advice)
})

const powerCheck = onJetson('power_mode', 'Power mode', (probe) => {
  const needed = 'the same in all runs that are compared'
  const mode = powerMode(probe.lines('power_mode'))
  const modes = probe.lines('power_modes').map((line) => line.replace(/^\d+ /, ''))
  if (mode === null)
    return verdict(
      'warning',
      'unknown',
      needed,
      'nvpmodel does not tell it to this user: run "sudo nvpmodel -q" there.',
    )
  const choices = modes.length > 0 ? `; there are ${modes.join(', ')}` : ''
  return ok(`${mode.name}${mode.id === null ? '' : ` (mode ${mode.id})`}${choices}`, needed)
})

const gpuCheck = onJetson('gpu', 'GPU', (probe) => {
  const stats = tegraStats(probe.one('tegrastats'))
  const sysfs = /^load (\d+)$/.exec(probe.lines('gpu').find((line) => line.startsWith('load ')) ?? '')
  const clock = /^frequency \S+ (\d+) (\d+)$/.exec(
    probe.lines('gpu').find((line) => line.startsWith('frequency ')) ?? '',
  )
  // sysfs counts in tenths of a percent.
  const load = stats?.gpuLoad ?? (sysfs ? Number(sysfs[1]) / 1_000 : null)
  const name = /^GPU 0: ([^(]+)/.exec(probe.one('gpu_name'))?.[1]?.trim()
  const parts = [
    name,
    load === null ? undefined : `load ${Math.round(load * 100)} %`,
    clock
      ? `${Math.round(Number(clock[1]) / 1e6)} of ${Math.round(Number(clock[2]) / 1e6)} MHz`
      : stats?.gpuMHz
        ? `${stats.gpuMHz} MHz`
        : undefined,
  ].filter((part) => part !== undefined)
  const needed = 'idle before a run'
  if (parts.length === 0)
    return verdict(
      'warning',
      'not found',
      needed,
      'Neither tegrastats nor the kernel tells of a GPU: check the installation of JetPack.',
    )
  const advice = 'Another program uses the GPU: end it before a run.'
  return verdict(load !== null && load > 0.2 ? 'warning' : 'ok', parts.join(', '), needed, advice)
})

/** Hotter than this, machines of this kind slow down or are about to, degrees Celsius, where they do not name a limit. */
const hotC = 85
/** So far below the limit that a machine names, it slows down, degrees. */
const marginC = 10

export const thermalCheck: CheckOf = {
  id: 'thermal',
  title: 'Temperature',
  judge: ({ probe }) => {
    const zones = probe.lines('thermal').flatMap(zoneOf)
    const stats = tegraStats(probe.one('tegrastats'))
    const sensors =
      zones.length > 0
        ? zones
        : [...(stats?.temperatures ?? [])].map(([name, celsius]) => ({ name, celsius, limit: null }))
    const hottest = sensors.reduce<Zone | null>(
      (best, each) => (best === null || each.celsius > best.celsius ? each : best),
      null,
    )
    if (hottest === null) return skipped('no sensor that can be read')
    const limits = sensors.flatMap(({ limit }) => limit ?? [])
    const highest = limits.length > 0 ? Math.min(...limits) - marginC : hotC
    const power = [...(stats?.powerW ?? [])].find(([name]) =>
      ['VDD_IN', 'POM_5V_IN', 'VIN_SYS_5V0'].includes(name),
    )
    const found = `${hottest.celsius.toFixed(1)} °C (${hottest.name})${power ? `, ${power[1].toFixed(1)} W` : ''}`
    const advice = 'It will slow down under load: cool it, set the fan to full, or choose a lower power mode.'
    return verdict(
      hottest.celsius > highest ? 'warning' : 'ok',
      found,
      `under ${highest.toFixed(0)} °C`,
      advice,
    )
  },
}

interface Zone {
  readonly name: string
  readonly celsius: number
  readonly limit: number | null
}

/** Of type|millidegrees|critical millidegrees. Zones without a reading, and those that cannot be true, are left out. */
function zoneOf(line: string): Zone[] {
  const [name = '', temperature = '', critical = ''] = line.split('|')
  if (!/^-?\d+$/.test(temperature)) return []
  const celsius = Number(temperature) / 1_000
  if (celsius <= 0 || celsius > 150 || /^pmic/i.test(name)) return []
  const limit = /^\d+$/.test(critical) ? Number(critical) / 1_000 : null
  return [{ name, celsius, limit: limit !== null && limit > 50 && limit <= 150 ? limit : null }]
}

export const jetsonChecks: readonly CheckOf[] = [modelCheck, jetpackCheck, powerCheck, gpuCheck]
