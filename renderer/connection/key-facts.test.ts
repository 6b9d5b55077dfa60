import { describe, expect, it } from 'vitest'
import { fingerprintCommand, removalCommand } from './key-facts'

describe('commands for the keys of hosts', () => {
  it.each([
    ['ssh-ed25519', 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub'],
    ['ecdsa-sha2-nistp256', 'ssh-keygen -lf /etc/ssh/ssh_host_ecdsa_key.pub'],
    ['rsa-sha2-512', 'ssh-keygen -lf /etc/ssh/ssh_host_rsa_key.pub'],
    ['something-new', 'for f in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf "$f"; done'],
  ])('the fingerprint of %s: %s', (algorithm, command) => {
    expect(fingerprintCommand(algorithm)).toBe(command)
  })

  it.each([
    [
      { address: '10.0.0.1', port: 22, store: '/home/a/.ssh/known_hosts' },
      'ssh-keygen -R 10.0.0.1 -f /home/a/.ssh/known_hosts',
    ],
    [
      { address: 'gate', port: 2222, store: '/h/known hosts' },
      "ssh-keygen -R '[gate]:2222' -f '/h/known hosts'",
    ],
    [{ address: "$(x)'y", port: 22, store: 'k' }, "ssh-keygen -R '$(x)'\\''y' -f k"],
  ])('the removal of %o', (key, command) => {
    expect(removalCommand(key)).toBe(command)
  })
})
