/**
 * Everything that a preflight looks at on one host, as parts: a line `@name`, then the lines of what was found, each after one space,
 * so that nothing in them looks like the beginning of a part. It changes nothing. POSIX shell.
 *
 *   $1 data port that has to be free, or 0
 *
 * Every program is ended after 5 s (a dead network disk, a bus that does not answer), and its output cut at 8 KiB.
 */
export const probeScript = `# look at the host
LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL PATH
port=$1
begin() { printf '@%s\\n' "$1"; }
indented() { head -c 8192 | tr '\\000' ' ' | sed 's/^/ /'; echo; }
limited() { timeout 5 "$@" 2>/dev/null < /dev/null; }
part() {
  begin "$1"
  shift
  limited "$@" | indented
}
has() { command -v "$1" > /dev/null 2>&1; }

printf '\\n@skymemory-preflight\\n'
uid=$(id -u)
part os cat /etc/os-release
part kernel uname -sr
part machine uname -m
part glibc getconf GNU_LIBC_VERSION
part cores nproc
part cpu sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo
part lscpu lscpu
part memory cat /proc/meminfo
part home printf '%s\\n' "$HOME"
part home_access sh -c '[ -w "$1" ] && echo writable; [ -d "$1" ] && echo folder' sh "$HOME"
part disk_home df -Pk "$HOME"
part disk_system df -Pk /opt
part user id -un
part groups id -Gn

begin sudo
if [ "$uid" = 0 ]; then echo ' root'
elif ! has sudo; then echo ' none'
elif limited sudo -k -n true; then echo ' free'
else echo ' password'
fi

begin systemd
if [ -d /run/systemd/system ]; then
  limited systemctl --version | head -n 1 | indented
  part systemd_state systemctl is-system-running
  XDG_RUNTIME_DIR=\${XDG_RUNTIME_DIR:-/run/user/$uid}
  export XDG_RUNTIME_DIR
  begin user_manager
  limited systemctl --user show-environment > /dev/null && echo ' yes'
  begin linger
  [ ! -e "/var/lib/systemd/linger/$(id -un)" ] || echo ' yes'
  begin polkit
  ! has pkcheck || echo ' yes'
fi

begin tools
for tool in tar gzip sha256sum base64 stat flock mv ln find sort xargs; do
  has "$tool" || echo " $tool"
done
begin perl
! has perl || echo ' yes'
begin node
! has node || { limited node --version; command -v node; } | indented

begin agents
limited grep -lz skymemory-agent.mjs /proc/[0-9]*/cmdline | head -n 20 | while read -r file; do
  case $file in /proc/self/*) continue ;; esac
  pid=\${file#/proc/}
  pid=\${pid%/cmdline}
  [ "$pid" = $$ ] || printf ' %s %s\\n' "$pid" "$(tr '\\000\\n' '  ' < "$file" 2>/dev/null | head -c 500)"
done

if [ "$port" != 0 ]; then
  hex=$(printf '%04X' "$port")
  begin listening
  # 0A = LISTEN. The owner is the 8th field, the inode the 10th.
  limited grep -hE " [0-9A-F]+:$hex [0-9A-F]+:0000 0A " /proc/net/tcp /proc/net/tcp6 | head -n 4 |
    while read -r number local remote state queues timer resent owner wait inode rest; do
      name=$(getent passwd "$owner" 2>/dev/null | cut -d : -f 1)
      find='find /proc/[0-9]*/fd -maxdepth 1 -lname "socket:.$1." 2>/dev/null | head -n 1'
      held=$(limited sh -c "$find" sh "$inode")
      [ -n "$held" ] || ! has sudo || held=$(limited sudo -k -n sh -c "$find" sh "$inode")
      pid=\${held#/proc/}
      pid=\${pid%%/*}
      command=
      [ -z "$pid" ] || command=$(tr '\\000\\n' '  ' < "/proc/$pid/cmdline" 2>/dev/null | head -c 200)
      printf ' %s|%s|%s\\n' "\${name:-$owner}" "$pid" "$command"
    done
fi

part timedatectl timedatectl show
begin time_programs
cat /proc/[0-9]*/comm 2>/dev/null | grep -xE 'chronyd|ntpd|ntpsec|openntpd|systemd-timesyn|ptp4l|phc2sys' | sort -u | indented
part chrony chronyc -n tracking

part tegra cat /etc/nv_tegra_release
part model cat /proc/device-tree/model
begin jetpack
! has dpkg-query || limited dpkg-query -W -f '\${Version}\\n' nvidia-jetpack | indented
if [ -e /etc/nv_tegra_release ] || has tegrastats; then
  part power_mode nvpmodel -q
  part power_modes sed -n 's/^< *POWER_MODEL  *ID=\\([0-9]*\\)  *NAME=\\([^ >]*\\).*/\\1 \\2/p' /etc/nvpmodel.conf
  begin tegrastats
  limited tegrastats --interval 200 | head -n 1 | indented
  begin gpu
  for file in /sys/devices/gpu.0/load /sys/devices/platform/gpu.0/load /sys/devices/platform/*/*.gpu/load; do
    [ ! -r "$file" ] || printf ' load %s\\n' "$(cat "$file")"
  done
  for folder in /sys/class/devfreq/*; do
    case $folder in *gpu* | *gp10b* | *gv11b* | *ga10b* | *gm20b*) ;; *) continue ;; esac
    printf ' frequency %s %s %s\\n' "\${folder##*/}" "$(cat "$folder/cur_freq" 2>/dev/null)" "$(cat "$folder/max_freq" 2>/dev/null)"
  done
  part gpu_name nvidia-smi -L
fi

begin thermal
for zone in /sys/class/thermal/thermal_zone*; do
  [ -r "$zone/temp" ] || continue
  temperature=$(cat "$zone/temp" 2>/dev/null) || continue
  critical=
  for kind in "$zone"/trip_point_*_type; do
    [ "$(cat "$kind" 2>/dev/null)" != critical ] || critical=$(cat "\${kind%_type}_temp" 2>/dev/null)
  done
  printf ' %s|%s|%s\\n' "$(cat "$zone/type" 2>/dev/null)" "$temperature" "$critical"
done
begin end
`
