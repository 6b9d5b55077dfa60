import { expect, it } from 'vitest'
import { environmentVariable } from '#lab/secrets/secret'
import { takeSecrets } from './environment-secrets'

it('takes every secret that a host may need out of the environment, and nothing else', () => {
  const kinds = ['password', 'passphrase', 'sudo'] as const
  const secrets = Object.fromEntries(kinds.map((kind) => [environmentVariable(kind, 'nuc-1'), `my ${kind}`]))
  const others = { PATH: '/bin', SKYMEMORY_DATA: '/data', SKYMEMORY_PASSWORD: 'of nobody', SUDO_USER: 'lab' }
  const env: NodeJS.ProcessEnv = { ...secrets, ...others }
  expect(Object.fromEntries(takeSecrets(env))).toEqual({
    SKYMEMORY_PASSWORD_NUC_1: 'my password',
    SKYMEMORY_PASSPHRASE_NUC_1: 'my passphrase',
    SKYMEMORY_SUDO_NUC_1: 'my sudo',
  })
  expect(env).toEqual(others)
})
