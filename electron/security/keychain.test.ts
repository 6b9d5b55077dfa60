import { readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { Keychain, type Encryption } from './keychain'

const context = { isCancelled: () => false, onCancelled: () => undefined }

/** Reverses texts: enough to see that nothing is written as it is. */
function encryption(backend: string, isAvailable = true): Encryption {
  const turned = (text: string): string => [...text].reverse().join('')
  return {
    isEncryptionAvailable: () => isAvailable,
    encryptString: (text) => Buffer.from(turned(text)),
    decryptString: (encrypted) => turned(encrypted.toString()),
    getSelectedStorageBackend: () => backend,
  }
}

async function aKeychain(backend: string, isAvailable = true) {
  const folder = await mkdtemp(join(tmpdir(), 'skymemory-keychain-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'secrets.json')
  return { file, handlers: new Keychain(encryption(backend, isAvailable), file, 'linux').handlers }
}

it('keeps secrets encrypted in a file for its user alone, and forgets them', async () => {
  const { file, handlers } = await aKeychain('gnome_libsecret')
  expect(await handlers.storage({}, context)).toEqual({ kind: 'keychain', name: 'gnome_libsecret' })
  await handlers.set({ key: 'lab/password/nuc1', value: 'planted-secret' }, context)
  await handlers.set({ key: 'lab/sudo/nuc1', value: 'another' }, context)
  await handlers.set({ key: 'labor/sudo/nuc1', value: 'third' }, context)
  expect(await handlers.get({ key: 'lab/password/nuc1' }, context)).toBe('planted-secret')
  expect(readFileSync(file, 'utf8')).not.toContain('planted-secret')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  await handlers.deleteAll({ prefix: 'lab/' }, context)
  expect(await handlers.get({ key: 'lab/password/nuc1' }, context)).toBeNull()
  expect(await handlers.get({ key: 'labor/sudo/nuc1' }, context)).toBe('third')
})

it.each([
  ['Electron would use a key that everybody knows', 'basic_text', true],
  ['it is not known what there is', 'unknown', true],
  ['nothing can be encrypted', 'kwallet6', false],
])('refuses to write anything where %s', async (_why, backend, isAvailable) => {
  const { file, handlers } = await aKeychain(backend, isAvailable)
  expect(await handlers.storage({}, context)).toMatchObject({
    kind: 'memory',
    why: expect.stringContaining('keyring') as string,
  })
  await expect(
    (async () => handlers.set({ key: 'lab/password/nuc1', value: 'planted-secret' }, context))(),
  ).rejects.toMatchObject({ code: 'not_supported' })
  expect(() => readFileSync(file)).toThrow()
  expect(await handlers.get({ key: 'lab/password/nuc1' }, context)).toBeNull()
})
