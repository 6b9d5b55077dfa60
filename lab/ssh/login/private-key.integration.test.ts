import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../testing/folders'
import { newKey, sshdMissing } from '../../testing/sshd'
import { readPrivateKey } from './private-key'

const read = (file: string, passphrase: string | null = null) => readPrivateKey(file, file, passphrase)

describe.skipIf(sshdMissing())('private keys that ssh-keygen makes', () => {
  it.each([
    ['ed25519', []],
    ['ecdsa', []],
    ['rsa', []],
    ['ecdsa', ['-b', '521']],
    ['rsa', ['-m', 'PEM']],
    ['ecdsa', ['-m', 'PEM']],
    ['ed25519', ['-Z', 'aes256-cbc']],
    ['ed25519', ['-Z', 'aes256-gcm@openssh.com']],
  ] as const)('%s %j is read, with and without passphrase', async (type, options) => {
    const folder = temporaryFolder()
    expect(await read(newKey(folder, 'clear', type, '', ...options))).toMatchObject({ kind: 'key' })
    const file = newKey(folder, 'encrypted', type, 'pass $(phrase)', ...options)
    expect(await read(file)).toEqual({ kind: 'passphrase', wasWrong: false })
    expect(await read(file, 'pass phrase')).toEqual({ kind: 'passphrase', wasWrong: true })
    expect(await read(file, 'pass $(phrase)')).toMatchObject({ kind: 'key' })
  })

  it.each(['', 'secret'])(
    'PKCS#8 is named, and the command that is given converts it (passphrase %j)',
    async (passphrase) => {
      const file = newKey(temporaryFolder(), `it's`, 'rsa', passphrase, '-m', 'PKCS8')
      const refusal = await read(file).catch((error: unknown) => error)
      expect(refusal).toMatchObject({
        code: 'authentication_failed',
        message: `The key file ${file} is in the format PKCS#8, which cannot be read here`,
      })
      const [, command] = /: (ssh-keygen .*)$/.exec((refusal as { hint: string }).hint) as RegExpExecArray
      execFileSync('sh', ['-c', `${command} -P "$0" -N "$0"`, passphrase], { stdio: 'ignore' })
      expect(await read(file, passphrase)).toMatchObject({ kind: 'key' })
    },
  )

  it('an uncommon cipher is named, and the command that is given changes it', async () => {
    const file = newKey(temporaryFolder(), 'key', 'ed25519', 'secret', '-Z', 'chacha20-poly1305@openssh.com')
    const refusal = await read(file, 'secret').catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'authentication_failed' })
    const [, command] = /(ssh-keygen -p -f .* -Z aes256-ctr)\./.exec(
      (refusal as { hint: string }).hint,
    ) as RegExpExecArray
    execFileSync('sh', ['-c', `${command} -P secret -N secret`], { stdio: 'ignore' })
    expect(await read(file, 'secret')).toMatchObject({ kind: 'key' })
  })

  it('a public key is not taken for a private one', async () => {
    const file = newKey(temporaryFolder(), 'key', 'ed25519')
    await expect(read(`${file}.pub`)).rejects.toMatchObject({
      message: expect.stringContaining('is a public key') as string,
      hint: expect.stringContaining(file) as string,
    })
  })
})

describe('private keys that cannot be used', () => {
  const file = (content: string): string => {
    const path = join(temporaryFolder(), 'key')
    writeFileSync(path, content)
    return path
  }

  it.each([
    ['PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n', /PuTTY/, /puttygen/],
    ['PuTTY-User-Key-File-2: ssh-rsa\n', /PuTTY/, /puttygen/],
    ['---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n', /ssh\.com/, /ssh-keygen -i -f/],
    ['-----BEGIN EC PARAMETERS-----\n', /EC key of OpenSSL/, /ssh-keygen -p -f/],
    ['hello', /cannot be used/, /ssh-keygen -t ed25519/],
    ['', /cannot be used/, /ssh-keygen/],
    ['-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----', /damaged/, /backup/],
    [securityKey(), /FIDO/, /ssh-keygen -t ed25519/],
  ])('%j: named, with what to do', async (content, message, hint) => {
    await expect(read(file(content))).rejects.toMatchObject({
      code: 'authentication_failed',
      message: expect.stringMatching(message) as string,
      hint: expect.stringMatching(hint) as string,
    })
  })

  it('is not there, or is no file', async () => {
    const folderOfKeys = temporaryFolder()
    await expect(read(join(folderOfKeys, 'none'))).rejects.toMatchObject({
      message: expect.stringContaining('is not there') as string,
    })
    await expect(read(folderOfKeys)).rejects.toMatchObject({ code: 'authentication_failed' })
    await expect(read(file('x'.repeat(300_000)))).rejects.toMatchObject({
      message: expect.stringContaining('300000 bytes') as string,
    })
  })
})

/** The beginning of a key of ssh-keygen -t ed25519-sk: its private part never leaves the device. */
function securityKey(): string {
  const word = (text: string): Buffer => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(text.length)
    return Buffer.concat([length, Buffer.from(text)])
  }
  const body = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    word('none'),
    word('none'),
    word(''),
    Buffer.from([0, 0, 0, 1]),
    word('\0\0\0\x1ask-ssh-ed25519@openssh.com'),
    Buffer.alloc(64),
  ])
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`
}
