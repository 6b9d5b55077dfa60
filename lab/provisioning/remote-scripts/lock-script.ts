/**
 * Holds a lab on one host for one console, until standard input ends: with the channel, whatever becomes of the console.
 * Prints \`held\`, or \`taken\` and what the holder wrote into the file.
 *
 * $1 lock file, $2 id of the console, $3 who holds it, one line
 */
export const lockScript = `# hold the lab
LC_ALL=C
export LC_ALL
umask 022
file=$1 id=$2 who=$3
holder=
take() {
  while :; do
    (: >> "$file") || exit 73
    exec 9>>"$file"
    flock -n 9 || return 1
    # Whoever removed the lab meanwhile has locked a file that is gone.
    [ "$file" -ef "/proc/$$/fd/9" ] && return 0
  done
}
# The holder, if it is of the same console and still is what its file says: its connection is lost, and it does not know yet.
stale() {
  { read -r _; read -r theirs; read -r holder; } < "$file" 2>/dev/null || return 1
  [ "$theirs" = "$id" ] || return 1
  case $holder in '' | *[!0-9]*) return 1 ;; esac
  [ "$file" -ef "/proc/$holder/fd/9" ] || return 1
  tr '\\0' '\\n' 2>/dev/null < "/proc/$holder/cmdline" | grep -qxF -- "$id"
}
tries=50
until take; do
  if [ "$tries" -eq 0 ] || ! stale; then
    # One that was just taken is not written yet.
    [ -s "$file" ] || sleep 0.2
    echo taken
    cat -- "$file"
    exit 75
  fi
  [ "$tries" -lt 50 ] || kill "$holder" 2>/dev/null
  tries=$((tries - 1))
  sleep 0.1
done
release() { if [ "$file" -ef "/proc/$$/fd/9" ]; then : > "$file"; fi; }
printf '%s\\n%s\\n%s\\n' "$who" "$id" "$$" > "$file"
# A trap would wait for a program in the foreground; one in the background has no input unless it is given one.
exec 3<&0
cat <&3 9>&- >/dev/null &
waiting=$!
trap 'release; kill "$waiting" 2>/dev/null; exit 0' HUP INT TERM
echo held
wait "$waiting"
release
`
