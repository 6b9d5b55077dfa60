import { definePackageSum } from './package-sum'

/**
 * The scripts that change a host. Each is constant: values are its arguments. They run as the installation's owner, which is root for a
 * system unit and the user who logs in otherwise, and may be run again after they broke off at any point.
 */

const head = (title: string): string => `# ${title}
set -eu
LC_ALL=C
export LC_ALL
umask 022
`

/** Notes in <directory>/made-folders which folders above a path are missing, so that they go again with the installation. */
const makeFolders = `
make_above() {
  made= above=$(dirname -- "$1")
  while [ ! -d "$above" ]; do
    made="$made$above
"
    above=$(dirname -- "$above")
  done
  mkdir -p -- "$(dirname -- "$1")"
}
note_made() { [ -z "$made" ] || printf '%s' "$made" >> "$1/made-folders"; }
`

/** $1 directory, $2 and $3 user and group id of who logs in, $4 account of a system unit or nothing, $5 comment of the account */
export const prepareScript = `${head('make folders')}${makeFolders}
directory=$1 uid=$2 gid=$3 account=$4 comment=$5
if [ -n "$account" ] && ! getent passwd "$account" >/dev/null; then
  shell=/usr/sbin/nologin
  [ -x "$shell" ] || shell=/bin/false
  useradd --system --user-group --no-create-home --home-dir /nonexistent --shell "$shell" --comment "$comment" "$account"
fi
make_above "$directory"
mkdir -p -- "$directory"
note_made "$directory"
cd -- "$directory"
mkdir -p versions runtimes certificates journals log run staging
: >> console.lock
if [ -n "$account" ]; then
  chmod 755 . versions runtimes certificates
  chmod 700 journals log staging
  chown "$account:" journals log
  chown "$account:$gid" run
  # What is made in it belongs to the group of who logs in: that user reaches the control socket.
  chmod 2750 run
  chown "$uid:$gid" staging console.lock
else
  chmod 700 . versions runtimes certificates journals log run staging
fi
`

/** $1 directory, $2 name of the runtime, $3 its package's file, $4 path of the program within it, $5 SHA-256 of the program */
export const runtimeScript = `${head('unpack the runtime')}
directory=$1 name=$2 package=$3 program=$4 sum=$5
new=$directory/runtimes/.new-$name.$$
trap 'rm -rf -- "$new"' EXIT
mkdir -p -- "$new/bin"
tar -xzf "$package" -C "$new" --no-same-owner -- "$program"
mv -- "$new/$program" "$new/bin/node"
rm -rf -- "$new/\${program%%/*}"
found=$(sha256sum < "$new/bin/node" | cut -d ' ' -f 1)
if [ "$found" != "$sum" ]; then
  echo "the unpacked program has the SHA-256 $found instead of $sum" >&2
  exit 65
fi
chmod 755 "$new/bin/node"
if ! "$new/bin/node" --version >/dev/null 2>"$new/problem"; then
  sed 's/^/the runtime does not start here: /' "$new/problem" >&2
  exit 66
fi
rm -f -- "$new/problem"
rm -rf -- "$directory/runtimes/$name"
mv -T -- "$new" "$directory/runtimes/$name"
rm -f -- "$package"
`

/**
 * $1 directory, $2 name of the package, $3 its archive, $4 its content's SHA-256, $5 the addon within it, $6 Node
 *
 * Whether llama.cpp starts on this machine is tried: its library may be another one than was said, or programs forbidden in this place.
 */
export const llamaScript = `${head('unpack llama.cpp')}${definePackageSum}
directory=$1 name=$2 package=$3 sum=$4 addon=$5 node=$6
mkdir -p -- "$directory/llama"
new=$directory/llama/.new-$name.$$
trap 'rm -rf -- "$new"' EXIT
mkdir -p -- "$new"
tar -xzf "$package" -C "$new" --no-same-owner
found=$(cd -- "$new" && package_sum)
if [ "$found" != "$sum" ]; then
  echo "the unpacked package has the SHA-256 $found instead of $sum" >&2
  exit 65
fi
if ! problem=$("$node" -e 'process.dlopen({ exports: {} }, process.argv[1])' "$new/$addon" 2>&1); then
  printf '%s\\n' "$problem" | grep -m 1 Error | sed 's/^/llama.cpp does not start here: /' >&2
  exit 68
fi
rm -rf -- "$directory/llama/$name"
mv -T -- "$new" "$directory/llama/$name"
rm -f -- "$package"
`

/**
 * $1 directory, $2 version, $3 file of the agent, $4 its SHA-256, $5 where \`node\` points to, $6 configuration, $7 unit; where models are
 * run $8 program for it, $9 its SHA-256, $10 where \`llama\` points to, else nothing
 */
export const versionScript = `${head('make the version')}
directory=$1 version=$2 agent=$3 sum=$4 node=$5 config=$6 unit=$7 model=$8 model_sum=$9 llama=\${10}
new=$directory/versions/.new-$version.$$
trap 'rm -rf -- "$new"' EXIT
mkdir -p -- "$new"
# $1 file, $2 name, $3 SHA-256
program() {
  cp -- "$1" "$new/$2"
  found=$(sha256sum < "$new/$2" | cut -d ' ' -f 1)
  if [ "$found" != "$3" ]; then
    echo "$2 has the SHA-256 $found instead of $3" >&2
    exit 65
  fi
  chmod 644 "$new/$2"
}
program "$agent" skymemory-agent.mjs "$sum"
if [ -n "$model" ]; then
  program "$model" skymemory-model.mjs "$model_sum"
  ln -s -- "$llama" "$new/llama"
fi
printf '%s' "$config" > "$new/config.json"
printf '%s' "$unit" > "$new/service.unit"
ln -s -- "$node" "$new/node"
chmod 755 "$new"
chmod 644 "$new/config.json" "$new/service.unit"
rm -rf -- "$directory/versions/$version"
mv -T -- "$new" "$directory/versions/$version"
for file in "$agent" "$model"; do
  case $file in "$directory"/staging/*) rm -f -- "$file" ;; esac
done
`

/** $1 directory, $2 id, $3 certificate of the authority, $4 certificate of the host, $5 account of a system unit or nothing; stdin: key */
export const certificateScript = `${head('write the certificate')}
directory=$1 id=$2 account=$5
new=$directory/certificates/.new-$id.$$
trap 'rm -rf -- "$new"' EXIT
mkdir -p -- "$new"
printf '%s' "$3" > "$new/ca.pem"
printf '%s' "$4" > "$new/certificate.pem"
(umask 077; cat > "$new/key.pem")
[ -s "$new/key.pem" ]
[ -z "$account" ] || chown "$account:" "$new/key.pem"
chmod 755 "$new"
rm -rf -- "$directory/certificates/$id"
mv -T -- "$new" "$directory/certificates/$id"
`

/** $1 directory, $2 version or nothing, $3 id of the certificate or nothing; nothing = as if there had never been one */
export const switchScript = `${head('switch')}
point() {
  if [ -n "$3" ]; then
    ln -sfn -- "$1/$3" "$2.$$"
    mv -T -- "$2.$$" "$2"
  else
    rm -f -- "$2"
  fi
}
point certificates "$1/tls" "$3"
point versions "$1/current" "$2"
`

/** $1 directory, $2 version, $3 file of the unit, $4 its name, $5 system or user */
export const unitScript = `${head('set up the unit')}${makeFolders}
directory=$1 version=$2 file=$3 unit=$4
if [ "$5" = user ]; then
  XDG_RUNTIME_DIR=\${XDG_RUNTIME_DIR:-/run/user/$(id -u)}
  export XDG_RUNTIME_DIR
  ctl() { systemctl --user "$@"; }
  make_above "\${file%/*}/default.target.wants/x"
  note_made "$directory"
else
  ctl() { systemctl "$@"; }
fi
cp -- "$directory/versions/$version/service.unit" "$file.$$"
chmod 644 "$file.$$"
mv -T -- "$file.$$" "$file"
ctl daemon-reload
ctl --quiet enable "$unit"
`

/** $1 directory, $2 user who logs in */
export const lingerScript = `${head('let services run without a login')}
: > "$1/lingering"
if ! loginctl enable-linger "$2"; then
  rm -f -- "$1/lingering"
  exit 67
fi
`

/** $1 directory, $2 what install.json says */
export const installedScript = `${head('note what is installed')}
printf '%s' "$2" > "$1/.install.$$"
chmod 644 "$1/.install.$$"
mv -T -- "$1/.install.$$" "$1/install.json"
`

/** $1 directory, $2 id of the certificate that stays, from $3 on versions that stay */
export const tidyScript = `${head('clear away what is old')}
directory=$1 identity=$2
shift 2
cd -- "$directory"
used=
packages=
for folder in versions/* versions/.new*; do
  [ -d "$folder" ] || continue
  keep=
  for version in "$@"; do
    [ "$folder" != "versions/$version" ] || keep=yes
  done
  if [ -n "$keep" ]; then
    used="$used $(readlink -- "$folder/node") "
    packages="$packages $(readlink -- "$folder/llama" || :) "
  else
    rm -rf -- "$folder"
  fi
done
for folder in runtimes/* runtimes/.new*; do
  [ -d "$folder" ] || continue
  case $used in
    *" ../../$folder/bin/node "*) ;;
    *) rm -rf -- "$folder" ;;
  esac
done
for folder in llama/* llama/.new*; do
  [ -d "$folder" ] || continue
  case $packages in
    *" ../../$folder "*) ;;
    *) rm -rf -- "$folder" ;;
  esac
done
[ ! -d llama ] || rmdir --ignore-fail-on-non-empty llama
for folder in certificates/* certificates/.new*; do
  if [ -d "$folder" ] && [ "$folder" != "certificates/$identity" ]; then rm -rf -- "$folder"; fi
done
rm -rf -- staging/* staging/.[!.]*
`
