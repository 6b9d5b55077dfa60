import { mustRun } from './run-program'

/** Where running testbeds are listed, one file a network. */
export const registryFolder = '/run/skymemory-testbed'
/** What lies in the folder of a testbed; nothing else in it is ever removed. */
export const testbedFiles = [
  'hosts',
  'state.json',
  'state.json.new',
  'key',
  'key.pub',
  'inventory.yaml',
] as const

/**
 * End every process of a testbed and take everything away: namespaces, interfaces, mounts, cgroups, files. It works on what is
 * there, whatever the state file says, and is the same for `testbed down` and for the watchdog of a process that was killed. POSIX shell.
 *
 *   $1 prefix, $2 folder of the testbed, $3 folder of the registry
 */
export const tearDownScript = `prefix=$1 directory=$2 registry=$3
PATH=/usr/sbin:/usr/bin:/sbin:/bin
spaces() {
  ip netns list | while read -r space rest; do
    case $space in "$prefix"-*) printf '%s\\n' "$space" ;; esac
  done
}
for space in $(spaces); do
  tries=0
  while pids=$(ip netns pids "$space") && [ -n "$pids" ]; do
    kill -9 $pids 2>/dev/null
    tries=$((tries + 1))
    [ "$tries" -lt 400 ] || break
    sleep 0.025
  done
done
ip link delete "$prefix-lab" 2>/dev/null
for space in $(spaces); do ip netns delete "$space"; done
while read -r device point rest; do
  point=$(printf '%b' "$point")
  case $point in "$directory"/hosts/*) umount -l "$point" ;; esac
done < /proc/mounts
for groups in /sys/fs/cgroup /sys/fs/cgroup/unified; do
  [ ! -d "$groups/skymemory-testbed-$prefix" ] ||
    find "$groups/skymemory-testbed-$prefix" -depth -type d -exec rmdir {} +
done
for name in ${testbedFiles.join(' ')}; do rm -rf --one-file-system -- "$directory/$name"; done
rmdir -- "$directory" 2>/dev/null
case $directory in /var/lib/skymemory-testbed/*) rmdir /var/lib/skymemory-testbed 2>/dev/null ;; esac
grep -lsF "\\"prefix\\":\\"$prefix\\"" "$registry"/* | while read -r claim; do rm -f -- "$claim"; done
rmdir -- "$registry" 2>/dev/null
[ -z "$(spaces)" ] && [ ! -e "$directory/hosts" ]
`

/** @throws SkyError `lab_start_failed` when something stays */
export async function tearDown(prefix: string, directory: string): Promise<void> {
  await mustRun('sh', ['-c', tearDownScript, 'testbed-down', prefix, directory, registryFolder])
}
