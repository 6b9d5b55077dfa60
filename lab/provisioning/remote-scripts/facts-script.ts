import { definePackageSum } from './package-sum'

/**
 * Everything that a plan needs to know of a host, as lines of a key and a value. It changes nothing and needs no further rights.
 *
 * $1 lab, $2 account of a system unit, $3 name of the unit
 */
export const factsScript = `# look at the host
LC_ALL=C
export LC_ALL
lab=$1 account=$2 unit=$3
say() { printf '%s %s\\n' "$1" "$2"; }
encoded() { base64 < "$1" 2>/dev/null | tr -d '\\n'; }
${definePackageSum}sum() { if [ -r "$1" ]; then sha256sum < "$1" | cut -d ' ' -f 1; else echo -; fi; }
# A login shell may have greeted before.
printf '\\n%s\\n' skymemory-facts
user=$(id -un) uid=$(id -u)
XDG_RUNTIME_DIR=\${XDG_RUNTIME_DIR:-/run/user/$uid}
export XDG_RUNTIME_DIR
say home "$HOME"
say user "$user"
say uid "$uid"
say gid "$(id -g)"
say group "$(id -gn)"
say groups "$(id -Gn)"
say kernel "$(uname -s)"
say machine "$(uname -m)"
say glibc "$(getconf GNU_LIBC_VERSION 2>/dev/null)"
for tool in tar gzip sha256sum base64 stat flock mv ln find sort xargs; do
  command -v "$tool" >/dev/null 2>&1 || say missing "$tool"
done
if [ "$uid" = 0 ]; then say sudo root
elif ! command -v sudo >/dev/null 2>&1; then say sudo none
elif sudo -k -n true >/dev/null 2>&1; then say sudo free
else say sudo password
fi
if [ -d /run/systemd/system ]; then
  say systemd "$(systemctl --version 2>/dev/null | head -n 1)"
  systemctl --user show-environment >/dev/null 2>&1 && say usermanager yes
  command -v pkcheck >/dev/null 2>&1 && say polkit yes
  [ -e "/var/lib/systemd/linger/$user" ] && say linger yes
fi
found=$(getent passwd "$account" 2>/dev/null) && say account "$found"
node=$(command -v node 2>/dev/null) && node=$(readlink -f -- "$node") &&
  say node "$("$node" --version 2>/dev/null) $node"

# $1 names it, $2 is its folder
installation() {
  above=$2
  while [ ! -d "$above" ]; do above=$(dirname -- "$above"); done
  say "$1.space" "$(stat -f -c '%a %S' -- "$above" 2>/dev/null)"
  [ -w "$above" ] && say "$1.writable" yes
  [ -d "$2" ] || return 0
  say "$1.directory" yes
  for name in versions runtimes certificates journals log run staging console.lock; do
    [ -e "$2/$name" ] && say "$1.folder" "$name $(stat -c '%a %u %g' -- "$2/$name")"
  done
  [ -r "$2/install.json" ] && say "$1.installed" "$(encoded "$2/install.json")"
  say "$1.current" "$(readlink -- "$2/current")"
  for folder in "$2"/versions/*/; do
    [ -d "$folder" ] || continue
    name=\${folder%/}
    say "$1.version" "\${name##*/} $(sum "$folder/skymemory-agent.mjs") $(sum "$folder/config.json") $(sum "$folder/service.unit") $(sum "$folder/skymemory-model.mjs") $(readlink -- "$folder/llama" || echo -) $(readlink -- "$folder/node")"
  done
  for folder in "$2"/runtimes/*/; do
    [ -d "$folder" ] || continue
    name=\${folder%/}
    say "$1.runtime" "\${name##*/} $(sum "$folder/bin/node")"
  done
  for folder in "$2"/llama/*/; do
    [ -d "$folder" ] || continue
    name=\${folder%/}
    say "$1.llama" "\${name##*/} $(cd -- "$folder" && package_sum)"
  done
  for folder in "$2"/certificates/*/; do
    [ -d "$folder" ] || continue
    name=\${folder%/}
    say "$1.tls" "\${name##*/}"
  done
  say "$1.identity" "$(readlink -- "$2/tls")"
  say "$1.authority" "$(encoded "$2/tls/ca.pem")"
  say "$1.certificate" "$(encoded "$2/tls/certificate.pem")"
  say "$1.key" "$(stat -c '%a %u %s' -- "$2/tls/key.pem" 2>/dev/null)"
  for name in "$2"/staging/* "$2"/versions/.new* "$2"/runtimes/.new* "$2"/llama/.new* "$2"/certificates/.new*; do
    [ -e "$name" ] && say "$1.leftover" "\${name##*/}"
  done
  [ -e "$2/lingering" ] && say "$1.lingering" yes
  pid=$(cat -- "$2/run/supervisor.pid" 2>/dev/null) && [ -n "$pid" ] &&
    tr '\\0' '\\n' < "/proc/$pid/cmdline" 2>/dev/null | grep -qx supervise && say "$1.supervisor" "$pid"
}
installation system "/opt/skymemory/$lab"
installation own "$HOME/.local/share/skymemory/$lab"

# $1 names it, $2 is its file, the rest is the program that knows it
service() {
  kind=$1 file=$2
  shift 2
  [ -e "$file" ] || return 0
  say "$kind.unit" "$(sum "$file") $("$@" is-enabled "$unit" 2>/dev/null)"
  say "$kind.state" "$("$@" is-active "$unit" 2>/dev/null)"
}
service system "/etc/systemd/system/$unit" systemctl
service user "$HOME/.config/systemd/user/$unit" systemctl --user
say end yes
`
