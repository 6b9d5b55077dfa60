import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { configOfOptions } from './local-options'
import { readAgentConfig } from './read-config'

const directory = mkdtempSync(join(tmpdir(), 'sky-config-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const file = join(directory, 'config.json')

function read(value: unknown) {
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value))
  return readAgentConfig(file)
}

const satellite = {
  role: 'satellite',
  hostId: 'nuc1',
  control: '/run/c.sock',
  tls: null,
  bind: '0.0.0.0',
  port: 7420,
}
const inference = {
  role: 'inference',
  hostId: 'jetson',
  control: '/run/c.sock',
  tls: { authority: '/t/ca.pem', certificate: '/t/certificate.pem', key: '/t/key.pem' },
  journalDirectory: '/journals',
  llama: { packageFolder: '/llama', modelsDirectory: '/models' },
}

describe('the configuration of an agent', () => {
  test('is what the file says', () => {
    expect(read(satellite)).toEqual(satellite)
    expect(read(inference)).toEqual(inference)
    const { llama: _llama, ...bare } = inference
    expect(read(bare)).toEqual({ ...bare, llama: null })
  })

  test.each([
    ['no JSON', '{', 'is not JSON'],
    ['another role', { ...satellite, role: 'moon' }, 'role'],
    ['no host', { ...satellite, hostId: '' }, 'hostId'],
    ['no word about TLS', { ...satellite, tls: undefined }, 'tls'],
    ['a port that there is not', { ...satellite, port: 70_000 }, 'port'],
    ['a misspelt field', { ...satellite, prot: 1 }, 'prot'],
    ['a relative socket', { ...satellite, control: 'c.sock' }, 'control: "c.sock" is not an absolute path'],
    ['a relative key', { ...inference, tls: { ...inference.tls, key: 'key.pem' } }, 'tls.key: "key.pem"'],
    [
      'a relative package',
      { ...inference, llama: { packageFolder: 'x', modelsDirectory: '/m' } },
      'llama.packageFolder: "x"',
    ],
    ['no journals', { ...inference, journalDirectory: undefined }, 'journalDirectory'],
  ])('with %s is refused, with file and field', (_what, value, part) => {
    expect(() => read(value)).toThrow(
      expect.objectContaining({
        code: 'invalid_argument',
        message: expect.stringMatching(new RegExp(`${escaped(file)}.*${escaped(part)}`)) as string,
      }),
    )
  })

  test('names every field that is wrong', () => {
    expect(() => read({ ...satellite, hostId: '', port: -1 })).toThrow(/hostId: .*; port: /)
  })

  test('says that its file is not there', () => {
    expect(() => readAgentConfig(join(directory, 'none.json'))).toThrow(
      expect.objectContaining({
        code: 'not_found',
        message: expect.stringContaining('none.json') as string,
      }),
    )
  })

  test.skipIf(process.platform === 'win32')('takes no socket whose path the kernel would cut off', () => {
    const path = (bytes: number): string => `/${'é'.repeat((bytes - 2) / 2)}x`
    expect(Buffer.byteLength(path(108))).toBe(108)
    expect(() => read({ ...satellite, control: path(108) })).toThrow('has 108 bytes')
    expect(read({ ...satellite, control: path(106) }).control).toBe(path(106))
  })

  test('of the local lab comes from options, by the same rules', () => {
    expect(configOfOptions('satellite', { 'host-id': 'nuc1', control: '/c.sock' })).toEqual({
      ...satellite,
      control: '/c.sock',
      bind: '127.0.0.1',
      port: 0,
    })
    expect(
      configOfOptions('inference', { 'host-id': 'j', control: '/c.sock', 'journal-directory': 'j' }),
    ).toMatchObject({ journalDirectory: join(process.cwd(), 'j') })
    expect(() => configOfOptions('satellite', { 'host-id': 'nuc1', control: '/c.sock', port: 'x' })).toThrow(
      'port',
    )
    expect(() => configOfOptions('satellite', { control: '/c.sock' })).toThrow('hostId')
  })
})

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
