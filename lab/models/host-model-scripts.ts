/** Scripts about the models of a host. They are constant: values are their arguments. */

const head = (title: string): string => `# ${title}
set -u
LC_ALL=C
export LC_ALL
`

/**
 * What a host has for models, as the user who logs in: `ids <uid> <gid>`, `folder there` when the user can write it, `memory <kB>`
 * of the whole machine, and `glibc <version>`.
 *
 * $1 folder of the models
 */
export const lookScript = `${head('look what is there for models')}
echo "ids $(id -u) $(id -g)"
if [ -d "$1" ] && [ -w "$1" ]; then echo 'folder there'; fi
sed -n 's/^MemTotal: *\\([0-9]*\\) kB$/memory \\1/p' /proc/meminfo
getconf GNU_LIBC_VERSION 2>/dev/null
exit 0
`

/**
 * Make the folder, as the installation's owner. What root owns is read by the account of the agent, and written by who logs in.
 *
 * $1 folder, $2 and $3 user and group id of who logs in, or nothing where that user is the owner
 */
export const folderScript = `${head('make the folder of the models')}set -e
umask 022
mkdir -p -- "$1"
if [ -n "$2" ]; then
  chown "$2:$3" "$1"
  chmod 755 "$1"
else
  chmod 700 "$1"
fi
`

/** A line for each model: the bytes of its file, and what its note says. $1 folder */
export const listScript = `${head('list the models')}
cd -- "$1" 2>/dev/null || exit 0
for note in *.json; do
  file=\${note%.json}.gguf
  if [ -f "$note" ] && [ -f "$file" ]; then
    printf '%s %s\\n' "$(wc -c < "$file")" "$(head -c 4096 < "$note" | tr -d '\\n')"
  fi
done
exit 0
`

/** $1 folder, $2 name */
export const removeScript = `${head('remove a model')}
cd -- "$1" || exit
rm -f -- "./$2.json" "./$2.gguf" "./$2.gguf.partial" "./$2.json.partial"
`
