import { defineCtl, defineSupervisor } from './service-scripts'

/**
 * End a service and take its unit away; its files stay.
 *
 * $1 kind, $2 directory, $3 name of the unit, $4 its file or nothing, $5 user who logs in, $6 by whom the installation is removed: noted with
 * the time for consoles that are connected to the agent; empty = not noted
 */
export const retireScript = `# take the service away
LC_ALL=C
export LC_ALL
${defineCtl}${defineSupervisor}
if [ -n "$6" ] && [ -d "$2" ]; then
  # A full disk must not keep anything from being removed.
  { printf '%s\\n%s\\nremove\\n' "$(date +%s%3N)" "$6" > "$2/stopped-by"; } 2>/dev/null
fi
if [ "$1" = detached ]; then
  stop_supervisor "$2"
elif [ -e "$4" ]; then
  ctl --quiet disable --now "$3" || exit
  rm -f -- "$4" || exit
  ctl daemon-reload
  ctl reset-failed "$3" 2>/dev/null
fi
if [ "$1" = user ] && [ -e "$2/lingering" ]; then
  loginctl disable-linger "$5" || exit
  rm -f -- "$2/lingering"
fi
exit 0
`

/**
 * Take away everything else of a lab: processes, files, folders that were made for it, and the account if apply made it.
 *
 * $1 directory, $2 account of a system unit or nothing, $3 comment by which an account is told to be ours
 */
export const removeScript = `# remove the installation
set -u
LC_ALL=C
export LC_ALL
directory=$1 account=$2 comment=$3
# Agents that no service knows any more.
for process in /proc/[0-9]*; do
  if tr '\\0' '\\n' 2>/dev/null < "$process/cmdline" | grep -qxF -- "$directory/current/skymemory-agent.mjs"; then
    kill -9 "\${process#/proc/}" 2>/dev/null
  fi
done
# What passed between such an agent and its model, in memory.
space=$(readlink /proc/self/ns/pid | tr -dc 0-9)
for folder in "/dev/shm/skymemory-model-$space-"*; do
  process=\${folder#"/dev/shm/skymemory-model-$space-"}
  [ ! -d "$folder" ] || [ -d "/proc/\${process%%-*}" ] || rm -rf -- "$folder" 2>/dev/null
done
above=$(cat -- "$directory/made-folders" 2>/dev/null)
rm -rf -- "$directory" || exit
rmdir -- "$(dirname -- "$directory")" 2>/dev/null
# The deepest ones were noted first.
printf '%s\\n' "$above" | while IFS= read -r folder; do
  [ -z "$folder" ] || rmdir -- "$folder" 2>/dev/null
done
if [ -n "$account" ] && [ "$(getent passwd "$account" | cut -d : -f 5)" = "$comment" ]; then
  userdel "$account" || exit
  if getent group "$account" >/dev/null; then groupdel "$account" || exit; fi
fi
exit 0
`
