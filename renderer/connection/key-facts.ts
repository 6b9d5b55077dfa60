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
