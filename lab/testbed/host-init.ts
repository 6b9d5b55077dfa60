/**
 * What a host runs as its first process, in new mount, PID, UTS, IPC and cgroup namespaces: it moves into the host's own root,
 * of which only /usr is the machine's, read-only. POSIX shell.
 *
 *   $1 folder of the host: root/ and local/ in it, and init.pid, which it writes
 *   $2 host name
 *   $3 `read-only` or `writable`: home directories
 *   $4 `systemd` or `plain`
 *   $5 ... programs to hide
 */
export const hostInit = `set -eu
folder=$1 name=$2 homes=$3 service=$4
shift 4
root=$folder/root
PATH=/usr/sbin:/usr/bin:/sbin:/bin

# /proc is still the machine's: this is the process's number there.
read -r pid rest < /proc/self/stat
printf '%s\\n' "$pid" > "$folder/init.pid"

mount --make-rprivate /
mount --bind "$root" "$root"
for shared in usr bin sbin lib lib32 lib64 libx32; do
  # Where /usr is merged, the others are symbolic links.
  if [ -d "/$shared" ] && [ ! -L "/$shared" ]; then
    mount --rbind "/$shared" "$root/$shared"
    mount -o remount,bind,ro "$root/$shared"
  fi
done
if [ $# -gt 0 ]; then
  # A layer of marks over /usr that say "not here" (character devices 0:0, as overlayfs has it).
  mount -t tmpfs tmpfs "$root/mnt"
  for hidden in "$@"; do
    mkdir -p "$root/mnt$(dirname "\${hidden#/usr}")"
    mknod "$root/mnt\${hidden#/usr}" c 0 0
  done
  cd "$root"
  mount -t overlay -o ro,lowerdir=mnt:/usr overlay usr
  umount -l mnt
fi
mount --bind "$folder/local" "$root/usr/local"

# Kernel settings are the whole machine's, but for those of the network.
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t proc proc "$root/mnt"
mount --bind "$root/mnt/sys/net" "$root/proc/sys/net"
umount "$root/mnt"
[ ! -e "$root/proc/sysrq-trigger" ] || mount --bind /dev/null "$root/proc/sysrq-trigger"
mount -t sysfs -o ro sysfs "$root/sys"

mount -t tmpfs -o mode=755,size=64k,nr_inodes=1k tmpfs "$root/dev"
for device in null zero full random urandom tty; do
  : > "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
ln -s fd/1 "$root/dev/stdout"
ln -s fd/2 "$root/dev/stderr"
for volatile in dev/shm tmp; do mount -t tmpfs -o mode=1777 tmpfs "$root/$volatile"; done
mount -t tmpfs -o mode=755 tmpfs "$root/run"
if [ "$homes" = read-only ]; then
  mount --bind "$root/home" "$root/home"
  mount -o remount,bind,ro "$root/home"
fi
[ "$service" = plain ] || mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"

hostname "$name"
cd "$root"
pivot_root . .
umount -l .
mkdir -p /run/sshd /run/lock
unset OLDPWD
export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# The clock, the modules and the memory of the machine are not the host's.
bounded='setpriv --bounding-set -sys_time,-sys_module,-sys_rawio --inh-caps -sys_time,-sys_module,-sys_rawio'
if [ "$service" = systemd ]; then
  exec $bounded env -i container=skymemory PATH="$PATH" /lib/systemd/systemd
fi
$bounded /usr/sbin/sshd -E /var/log/sshd.log
# Waiting also takes the exit codes of processes whose parents are gone.
while :; do sleep 1000000 & wait; done
`
