import { testPackage, type TestLock, type TestPackage } from './package-registry'

const forLinux = { os: ['linux'], libc: ['glibc'], optional: true }
const empty = testPackage('empty')

/** What looks like the package `@skymemory/llama`, in a few kilobytes: of several levels, for several machines, with one package twice. */
export const smallLlama: TestLock = {
  'node_modules/@node-llama-cpp/linux-arm64': [
    testPackage('@node-llama-cpp/linux-arm64', '3.0.0', {
      'bins/linux-arm64/llama-addon.node': 'arm64'.repeat(1_000),
    }),
    { ...forLinux, cpu: ['arm64', 'x64'] },
  ],
  'node_modules/@node-llama-cpp/linux-x64': [
    testPackage('@node-llama-cpp/linux-x64', '3.0.0', {
      'bins/linux-x64/llama-addon.node': 'x64'.repeat(1_000),
    }),
    { ...forLinux, cpu: ['x64'] },
  ],
  'node_modules/@node-llama-cpp/mac-x64': [empty, { optional: true }],
  'node_modules/@node-llama-cpp/win-x64': [empty, { optional: true }],
  'node_modules/fast-on-mac': [
    testPackage('fast-on-mac'),
    { os: ['darwin'], cpu: ['x64', 'arm64'], optional: true },
  ],
  'node_modules/fast-on-musl': [testPackage('fast-on-musl'), { ...forLinux, libc: ['musl'] }],
  'node_modules/inner': [testPackage('inner', '2.0.0')],
  'node_modules/node-llama-cpp': [
    testPackage('node-llama-cpp', '3.0.0', { 'dist/index.js': 'export {}', 'dist/cli.js': '#!/bin/sh' }),
  ],
  'node_modules/node-llama-cpp/node_modules/inner': [testPackage('inner', '1.0.0')],
}

export function packagesOf(lock: TestLock): TestPackage[] {
  return Object.values(lock).map(([each]) => each)
}
