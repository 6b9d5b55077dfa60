import { setUpElectron } from './electron.mjs'
import { requireNode } from './node-version.mjs'
import { setUpPackages } from './packages.mjs'
import {
  benchPackages,
  displayPackages,
  setUpSystemPackages,
  testbedPackages,
  windowPackages,
} from './system-packages.mjs'

/** What the command line needs. */
export async function setUpForCommandLine() {
  requireNode()
  await setUpPackages()
}

/** What the app's window needs. */
export async function setUpForWindow() {
  requireNode()
  await setUpSystemPackages(windowPackages, 'to open the window')
  await setUpPackages()
  return setUpElectron()
}

/** What the tests need: a window on a display of their own, and SSH hosts on this machine. */
export async function setUpForTests() {
  requireNode()
  await setUpSystemPackages([...windowPackages, ...displayPackages, ...testbedPackages], 'to test the app')
  await setUpPackages()
  return setUpElectron()
}

/** What the benchmarks need: the app on a display of its own, and the programs to compare with. */
export async function setUpForBench() {
  requireNode()
  await setUpSystemPackages(
    [...windowPackages, ...displayPackages, ...testbedPackages, ...benchPackages],
    'to run the benchmarks',
  )
  await setUpPackages()
  return setUpElectron()
}
