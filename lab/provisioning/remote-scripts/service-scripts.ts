/** Defines \`ctl\`, which is systemctl of a system or a user's unit. $1 kind of service */
export const defineCtl = `
case $1 in
  system) ctl() { systemctl "$@"; } ;;
  user)
    XDG_RUNTIME_DIR=\${XDG_RUNTIME_DIR:-/run/user/$(id -u)}
    export XDG_RUNTIME_DIR
    ctl() { systemctl --user "$@"; }
    ;;
esac
`

/** Defines \`supervisor\`, which prints the process of a detached service, and \`stop_supervisor\`. $1 of both: directory */
export const defineSupervisor = `
supervisor() {
  pid=$(cat -- "$1/run/supervisor.pid" 2>/dev/null) || return 1
  case $pid in '' | *[!0-9]*) return 1 ;; esac
  tr '\\0' '\\n' 2>/dev/null < "/proc/$pid/cmdline" | grep -qx supervise || return 1
  echo "$pid"
}
stop_supervisor() {
  pid=$(supervisor "$1") || return 0
  kill "$pid"
  # It gives its agent 5 s to end.
  tries=150
  while supervisor "$1" >/dev/null && [ "$tries" -gt 0 ]; do
    sleep 0.1
    tries=$((tries - 1))
  done
  pid=$(supervisor "$1") || return 0
  kill -9 "$pid"
}
`

/**
 * Start, stop or restart an agent. \`restart\` starts one that does not run.
 *
 * $1 system, user or detached, $2 what to do, $3 directory, $4 name of the unit, $5 by whom: noted with the time when the agent is stopped;
 * empty = not noted, $6 what is noted: stop, restart or update
 */
export const serviceScript = `# service
set -u
LC_ALL=C
export LC_ALL
${defineCtl}${defineSupervisor}
if [ -n "$5" ] && [ "$2" != start ]; then
  # A full disk must not keep an agent from being stopped.
  { printf '%s\\n%s\\n%s\\n' "$(date +%s%3N)" "$5" "$6" > "$3/stopped-by"; } 2>/dev/null
fi
if [ "$1" != detached ]; then
  # After too many failures systemd starts it only when they are forgotten.
  ctl reset-failed "$4" 2>/dev/null
  ctl "$2" "$4"
  exit
fi
start() {
  supervisor "$1" >/dev/null && return
  "$1/current/node" "$1/current/skymemory-agent.mjs" supervise \\
    --config "$1/current/config.json" --log "$1/log/agent.log" --pid-file "$1/run/supervisor.pid"
}
case $2 in
  start) start "$3" ;;
  stop) stop_supervisor "$3" ;;
  restart) stop_supervisor "$3"; start "$3" ;;
esac
`

/** What a service is now, as systemd says it, and the process of its agent or supervisor. $1 kind, $2 directory, $3 name of the unit */
export const serviceStateScript = `# state of the service
LC_ALL=C
export LC_ALL
${defineCtl}${defineSupervisor}
if [ "$1" = detached ]; then
  if pid=$(supervisor "$2"); then echo "active $pid"; else echo "inactive 0"; fi
else
  echo "$(ctl is-active "$3" 2>/dev/null) $(ctl show -p MainPID "$3" 2>/dev/null | sed -n 's/^MainPID=//p')"
fi
`

/**
 * The newest lines of an agent's log. $1 kind, $2 directory, $3 name of the unit, $4 how many lines, $5 id of the user of a user's unit:
 * given, the journal of the whole machine is asked, which needs root
 */
export const logScript = `# log of the service
case $1 in
  system) journalctl -q -u "$3" -n "$4" -o cat --no-pager ;;
  user)
    if [ -n "\${5-}" ]; then
      journalctl -q _SYSTEMD_USER_UNIT="$3" _UID="$5" + USER_UNIT="$3" _UID="$5" -n "$4" -o cat --no-pager
    else
      journalctl -q --user -u "$3" -n "$4" -o cat --no-pager
    fi
    ;;
  detached) tail -n "$4" -- "$2/log/agent.log" ;;
esac 2>/dev/null
`

/** What an agent says when it is started by hand; one that is well ends at once. $1 directory, $2 how many lines */
export const tryScript = `# start the agent by hand
"$1/current/node" "$1/current/skymemory-agent.mjs" --config "$1/current/config.json" --exit-with-stdin </dev/null 2>&1 | tail -n "$2"
`

/**
 * Who listens on a TCP port: lines of process id, user id and program; 0 and - where that cannot be seen.
 *
 * $1 port as four capital hexadecimal digits
 */
export const portHolderScript = `# who listens
LC_ALL=C
export LC_ALL
cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r _ local _ state _ _ _ owner _ inode _; do
  case $local:$state in *:"$1":0A) ;; *) continue ;; esac
  holder='0' name='-'
  for link in /proc/[0-9]*/fd/*; do
    [ "$(readlink -- "$link" 2>/dev/null)" = "socket:[$inode]" ] || continue
    holder=\${link#/proc/}
    holder=\${holder%%/*}
    name=$(tr '\\0' ' ' 2>/dev/null < "/proc/$holder/cmdline" | cut -c 1-200)
    break
  done
  printf '%s %s %s\\n' "$holder" "$owner" "$name"
done
`

/**
 * Exit code 0: a detached service did not end by itself, which would have removed the file of its process; the machine was switched off,
 * or somebody killed it. $1 directory
 */
export const wasCutOffScript = `# was the service cut off
LC_ALL=C
export LC_ALL
${defineSupervisor}
[ -f "$1/run/supervisor.pid" ] && ! supervisor "$1" >/dev/null
`

/** An agent that is to be started again and does not answer after so long has failed, ms: 15 s to end, 30 s to answer, and some more. */
const restartLimitMs = 60_000

/**
 * How an agent ended that had answered before: \`stopped\` by hand, \`restart\`, \`update\` (another version takes its place), \`removed\` with its
 * installation or \`crashed\`, then who wanted it, where that is known. One that just ends is given a moment.
 *
 * $1 kind, $2 directory, $3 name of the unit, $4 when that agent was started, Unix ms by the host's clock: what was noted before is of another one
 */
export const endingScript = `# how the agent ended
LC_ALL=C
export LC_ALL
${defineCtl}${defineSupervisor}
{ read -r at; read -r who; read -r what; } < "$2/stopped-by" 2>/dev/null
case \${at:-} in '' | *[!0-9]*) at=0 ;; esac
if [ "$at" -ge "$4" ]; then
  case \${what:-} in
    remove) printf 'removed\\n%s\\n' "$who"; exit ;;
    restart | update) [ "$(($(date +%s%3N) - at))" -gt ${restartLimitMs} ] || { printf '%s\\n%s\\n' "$what" "$who"; exit; } ;;
    *) printf 'stopped\\n%s\\n' "$who"; exit ;;
  esac
fi
if [ ! -e "$2/install.json" ]; then echo removed; exit; fi
# A supervisor ends a little after its agent; systemd gives an agent 10 s.
ends() {
  if [ "$1" = detached ]; then supervisor "$2" >/dev/null && [ "$tries" -gt 90 ]; else [ "$(ctl is-active "$3")" = deactivating ]; fi
}
tries=100
while [ "$tries" -gt 0 ] && ends "$@"; do
  sleep 0.1
  tries=$((tries - 1))
done
if [ "$1" = detached ]; then
  # One that gave up says something else; one that was killed leaves its file.
  [ ! -e "$2/run/supervisor.pid" ] && tail -n 1 -- "$2/log/agent.log" 2>/dev/null | grep -q 'supervisor [0-9]* ends'
else
  [ "$(ctl is-active "$3")" = inactive ] && ctl show -p Result "$3" | grep -qx 'Result=success'
fi
if [ $? -eq 0 ]; then echo stopped; else echo crashed; fi
`

/**
 * The newest lines of an agent's log, and then what it adds, until this ends. $1 kind, $2 directory, $3 name of the unit, $4 how many lines, $5 id
 * of the user of a user's unit, as of \`logScript\`
 */
export const followLogScript = `# follow the log of the service
case $1 in
  system) exec journalctl -u "$3" -n "$4" -f -o cat --no-pager ;;
  user)
    if [ -n "\${5-}" ]; then
      exec journalctl _SYSTEMD_USER_UNIT="$3" _UID="$5" + USER_UNIT="$3" _UID="$5" -n "$4" -f -o cat --no-pager
    fi
    exec journalctl --user -u "$3" -n "$4" -f -o cat --no-pager
    ;;
  detached) exec tail -n "$4" -F -- "$2/log/agent.log" 2>/dev/null ;;
esac
`
