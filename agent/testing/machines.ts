import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** The kernel's files of a machine, by their path. */
export type KernelFiles = Readonly<Record<string, string>>

const meminfo = (totalKb: number, freeKb: number, availableKb: number): string =>
  `MemTotal:       ${totalKb} kB
MemFree:         ${freeKb} kB
MemAvailable:   ${availableKb} kB
Buffers:          305432 kB
Cached:          6213456 kB
SwapCached:            0 kB
HugePages_Total:       0
Hugepagesize:       2048 kB
`

const devHeader = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
`

/** A NUC 11 (i5-1135G7) with Ubuntu 22.04 and Docker: its bridge counts what the card counts too. */
export const nuc: KernelFiles = {
  'proc/stat': `cpu  2255847 4321 482765 98412345 12345 0 8765 0 1000 0
cpu0 282001 540 60345 12301543 1543 0 1095 0 125 0
intr 182736452 9 0 0
ctxt 409213847
btime 1726486712
`,
  'proc/meminfo': meminfo(15_983_984, 3_812_340, 11_209_012),
  'proc/net/dev': `${devHeader}    lo: 98765432   12345    0    0    0     0          0         0 98765432   12345    0    0    0     0       0          0
  eno1: 1000000000  812345    0    0    0     0          0         0 500000000  612345    0    0    0     0       0          0
docker0:  9000000    1234    0    0    0     0          0         0  8000000    1234    0    0    0     0       0          0
wlp0s20f3:   2000      12    0    0    0     0          0         0     1000      12    0    0    0     0       0          0
`,
  'sys/class/net/eno1/device/vendor': '0x8086\n',
  'sys/class/net/wlp0s20f3/device/vendor': '0x8086\n',
  'sys/class/net/docker0/address': '02:42:ac:11:00:02\n',
  'sys/class/thermal/cooling_device0/type': 'Processor\n',
  'sys/class/thermal/thermal_zone0/type': 'acpitz\n',
  'sys/class/thermal/thermal_zone0/temp': '27800\n',
  'sys/class/thermal/thermal_zone1/type': 'x86_pkg_temp\n',
  'sys/class/thermal/thermal_zone1/temp': '61000\n',
  'sys/class/thermal/thermal_zone2/type': 'INT3400 Thermal\n',
  'sys/class/thermal/thermal_zone2/temp': '-274000\n',
  'sys/class/hwmon/hwmon0/name': 'coretemp\n',
  'sys/class/hwmon/hwmon0/temp1_input': '62000\n',
  'sys/class/hwmon/hwmon0/temp1_label': 'Package id 0\n',
  'sys/class/hwmon/hwmon0/temp2_input': '58000\n',
  'sys/class/hwmon/hwmon1/name': 'nvme\n',
  'sys/class/hwmon/hwmon1/temp1_input': '40850\n',
  'sys/class/hwmon/hwmon2/name': 'nct6798\n',
  'sys/class/hwmon/hwmon2/temp3_input': '117000\n',
}

/** A Jetson Orin Nano with JetPack 6: its GPU, the rails of its INA3221, and a sensor of a part that sleeps. */
export const jetson: KernelFiles = {
  'proc/stat': 'cpu  81234 120 34567 4876543 2345 0 1234 0 0 0\ncpu0 13539 20 5761 812757 390 0 205 0 0 0\n',
  'proc/meminfo': meminfo(7_802_784, 412_340, 3_209_012),
  'proc/net/dev': `${devHeader}    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
l4tbr0:       0       0    0    0    0     0          0         0    12345      56    0    0    0     0       0          0
enP8p1s0: 76543210   65432    0    0    0     0          0      1234  6543210   54321    0    0    0     0       0          0
`,
  'sys/class/net/enP8p1s0/device/vendor': '0x10ec\n',
  'sys/class/net/l4tbr0/address': '00:00:00:00:00:01\n',
  'sys/class/thermal/thermal_zone0/type': 'cpu-thermal\n',
  'sys/class/thermal/thermal_zone0/temp': '48562\n',
  'sys/class/thermal/thermal_zone1/type': 'gpu-thermal\n',
  'sys/class/thermal/thermal_zone1/temp': '49125\n',
  // Reading it fails with EAGAIN while the part sleeps: here there is nothing to read at all.
  'sys/class/thermal/thermal_zone2/type': 'cv0-thermal\n',
  'sys/class/thermal/thermal_zone8/type': 'tj-thermal\n',
  'sys/class/thermal/thermal_zone8/temp': '49500\n',
  'sys/class/thermal/thermal_zone9/type': 'PMIC-Die\n',
  'sys/class/thermal/thermal_zone9/temp': '100000\n',
  'sys/devices/platform/bus@0/17000000.gpu/load': '437\n',
  'sys/devices/platform/bus@0/3d60000.dma/driver_override': '(null)\n',
  'sys/class/hwmon/hwmon1/name': 'ina3221\n',
  'sys/class/hwmon/hwmon1/in1_label': 'VDD_IN\n',
  'sys/class/hwmon/hwmon1/in1_input': '5040\n',
  'sys/class/hwmon/hwmon1/curr1_input': '1320\n',
  'sys/class/hwmon/hwmon1/in2_label': 'VDD_CPU_GPU_CV\n',
  'sys/class/hwmon/hwmon1/in2_input': '5032\n',
  'sys/class/hwmon/hwmon1/curr2_input': '280\n',
  'sys/class/hwmon/hwmon1/in3_label': 'VDD_SOC\n',
  'sys/class/hwmon/hwmon1/in3_input': '5032\n',
  'sys/class/hwmon/hwmon1/curr3_input': '360\n',
  'sys/class/hwmon/hwmon1/in4_input': '6\n',
  'sys/class/hwmon/hwmon1/in7_label': 'sum of shunt voltages\n',
  'sys/class/hwmon/hwmon1/in7_input': '9\n',
}

/** A container: a cable's end for a network, and no sensor. */
export const container: KernelFiles = {
  'proc/stat': 'cpu  100 0 50 850 0 0 0 0 0 0\n',
  'proc/meminfo': meminfo(2_048_000, 1_000_000, 1_536_000),
  'proc/net/dev': `${devHeader}    lo:    5000       5    0    0    0     0          0         0     5000       5    0    0    0     0       0          0
  eth0:    1000      10    0    0    0     0          0         0      400       4    0    0    0     0       0          0
`,
}

/** A folder that looks like the root of such a machine. */
export function layMachine(files: KernelFiles): string {
  const root = mkdtempSync(join(tmpdir(), 'sky-machine-'))
  changeMachine(root, files)
  return root
}

export function changeMachine(root: string, files: KernelFiles): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
}
