/** The command that prints the fingerprint of a host's key on the host itself. */
export function fingerprintCommand(algorithm: string): string {
  const kind = /ed25519/.test(algorithm)
    ? 'ed25519'
    : /ecdsa/.test(algorithm)
      ? 'ecdsa'
      : /rsa/.test(algorithm)
        ? 'rsa'
        : null
  const file = kind === null ? '/etc/ssh/ssh_host_*_key.pub' : `/etc/ssh/ssh_host_${kind}_key.pub`
  return kind === null ? `for f in ${file}; do ssh-keygen -lf "$f"; done` : `ssh-keygen -lf ${file}`
}

/** The command that removes the keys of a host from a file of the user's. Addresses come from the lab's own file. */
export function removalCommand({
  address,
  port,
  store,
}: {
  readonly address: string
  readonly port: number
  readonly store: string
}): string {
  const name = port === 22 ? address : `[${address}]:${port}`
  return `ssh-keygen -R ${quoted(name)} -f ${quoted(store)}`
}

/** One word of a shell, whatever stands in it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
