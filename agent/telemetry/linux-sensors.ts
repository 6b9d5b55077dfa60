import { access, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isRealSensor } from './parse-sensors'

/** Where the power of one rail is read. */
export type Rail =
  | {
      readonly name: string
      readonly kind: 'volts_and_amperes'
      readonly volts: string
      readonly amperes: string
    }
  | { readonly name: string; readonly kind: 'watts'; readonly watts: string }

/** The files of a machine's sensors: they stay the same while it runs. */
export interface LinuxSensors {
  readonly temperatures: readonly string[]
  readonly gpuLoad: string | null
  readonly rails: readonly Rail[]
  /** Network interfaces that are hardware. */
  readonly cards: ReadonlySet<string>
}

/** Where JetPack 4, 5 and 6 put the GPU; newer ones by its address, which differs between modules. */
const gpuFolders = ['sys/devices', 'sys/devices/platform', 'sys/devices/platform/bus@0']
const gpuNames = /^gpu\.0$|\.(gpu|gm20b|gp10b|gv11b|ga10b)$/

/** @param root `/`, or a copy of the two trees */
export async function findLinuxSensors(root: string): Promise<LinuxSensors> {
  const chips = await Promise.all(
    (await children(join(root, 'sys/class/hwmon'))).map(async (folder) => ({
      folder,
      name: (await readText(join(folder, 'name'))) ?? '',
      files: await names(folder),
    })),
  )
  const real = chips.filter((chip) => isRealSensor(chip.name))
  const temperatures = [
    ...(await thermalZones(root)),
    ...real.flatMap(({ folder, files }) =>
      files.filter((file) => /^temp\d+_input$/.test(file)).map((file) => join(folder, file)),
    ),
  ]
  const rails = await Promise.all(chips.filter((chip) => /^ina\d/.test(chip.name)).map(railsOf))
  return { temperatures, gpuLoad: await findGpu(root), rails: rails.flat(), cards: await findCards(root) }
}

async function thermalZones(root: string): Promise<string[]> {
  const zones: string[] = []
  for (const folder of await children(join(root, 'sys/class/thermal'))) {
    const type = await readText(join(folder, 'type'))
    if (/thermal_zone\d+$/.test(folder) && type !== null && isRealSensor(type))
      zones.push(join(folder, 'temp'))
  }
  return zones
}

async function railsOf(chip: { folder: string; name: string; files: readonly string[] }): Promise<Rail[]> {
  const { folder, files } = chip
  const rails: Rail[] = []
  for (const file of files) {
    const [, quantity, number] = /^(in|power)(\d+)_input$/.exec(file) ?? []
    if (number === undefined) continue
    const label = await readText(join(folder, `${quantity}${number}_label`))
    const amperes = `curr${number}_input`
    if (quantity === 'power') {
      rails.push({ name: label ?? `${chip.name}_${number}`, kind: 'watts', watts: join(folder, file) })
    } else if (label !== null && files.includes(amperes)) {
      const [volts, current] = [join(folder, file), join(folder, amperes)]
      rails.push({ name: label, kind: 'volts_and_amperes', volts, amperes: current })
    }
  }
  return rails
}

async function findGpu(root: string): Promise<string | null> {
  for (const folder of gpuFolders) {
    for (const name of await names(join(root, folder))) {
      const file = join(root, folder, name, 'load')
      if (gpuNames.test(name) && (await exists(file))) return file
    }
  }
  return null
}

async function findCards(root: string): Promise<Set<string>> {
  const cards = new Set<string>()
  for (const name of await names(join(root, 'sys/class/net'))) {
    if (await exists(join(root, 'sys/class/net', name, 'device'))) cards.add(name)
  }
  return cards
}

async function children(folder: string): Promise<string[]> {
  return (await names(folder)).map((name) => join(folder, name))
}

async function names(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).sort()
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}

/** The text of a file of the kernel; null where it cannot be read: sensors of parts that sleep answer with an error. */
export async function readText(file: string): Promise<string | null> {
  return readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => null,
  )
}
