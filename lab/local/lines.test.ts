import { existsSync, mkdtempSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { cpuLoad } from './cpu-load'
import { LineSplitter } from './line-splitter'
import { parseLogLine } from './log-line'
import { planesOfHosts } from './local-lab'
import { createSocketDirectory } from './socket-directory'

describe('what hosts print', () => {
  it('is cut into lines, in whatever pieces it comes', () => {
    const text = 'one\r\ntwo\n\nthree'
    for (let size = 1; size <= text.length; size++) {
      const lines: string[] = []
      const splitter = new LineSplitter((line) => lines.push(line))
      for (let first = 0; first < text.length; first += size) splitter.push(text.slice(first, first + size))
      splitter.end()
      // A \r at the end of a piece belongs to the line break that follows.
      expect(lines.map((line) => line.trimEnd())).toEqual(['one', 'two', 'three'])
    }
  })

  it('never fills the memory with a line without an end', () => {
    const lines: string[] = []
    const splitter = new LineSplitter((line) => lines.push(line))
    for (let piece = 0; piece < 1_000; piece++) splitter.push('x'.repeat(10_000))
    splitter.push('\n')
    expect(lines).toHaveLength(1)
    expect(lines[0]?.length).toBeLessThan(40_000)
  })

  it('is a log line, or shown as it is', () => {
    expect(parseLogLine('{"at":5,"level":"error","text":"no"}', 'nuc1', 9)).toEqual({
      at: 5,
      level: 'error',
      text: 'no',
      source: 'nuc1',
    })
    for (const other of ['Segmentation fault', '{"at":"x"}', 'null', '{']) {
      expect(parseLogLine(other, 'nuc1', 9)).toEqual({ at: 9, level: 'warn', text: other, source: 'nuc1' })
    }
  })
})

describe('the local lab', () => {
  it('gives every plane a host of its own, and shares many planes out among few', () => {
    expect(planesOfHosts(5)).toEqual([[0], [1], [2], [3], [4]])
    for (const planes of [1, 24, 25, 72, 1_000]) {
      const hosts = planesOfHosts(planes)
      expect(hosts.flat()).toEqual(Array.from({ length: planes }, (_, plane) => plane))
      expect(hosts.length).toBe(Math.min(planes, 24))
      const sizes = hosts.map((own) => own.length)
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
    }
  })

  it('tells how many cores a host keeps busy', () => {
    expect(cpuLoad({ at: 1_000, cpuS: 4 }, { at: 3_000, cpuS: 7 })).toBe(1.5)
    expect(cpuLoad({ at: 1_000, cpuS: 4 }, { at: 3_000, cpuS: 3 })).toBe(0)
    expect(cpuLoad(null, { at: 3_000, cpuS: 7 })).toBeNull()
    expect(cpuLoad({ at: 3_000, cpuS: 4 }, { at: 3_000, cpuS: 7 })).toBeNull()
  })

  it('keeps the names of its sockets short', async () => {
    const sockets = await createSocketDirectory()
    expect(Buffer.byteLength(sockets.path('jetson-1000'))).toBeLessThan(100)
    await sockets.remove()
  })

  it.skipIf(process.platform === 'win32')(
    'removes the folders of killed processes, and no others',
    async () => {
      const folder = (pid: number, ageMs: number): string => {
        const path = mkdtempSync(join(tmpdir(), `sky-${pid}-`))
        const at = (Date.now() - ageMs) / 1000
        utimesSync(path, at, at)
        onTestFinished(() => rmSync(path, { recursive: true, force: true }))
        return path
      }
      const nobody = 2 ** 22 + 1
      const [stale, young, alive] = [
        folder(nobody, 2 * 86_400_000),
        folder(nobody, 1_000),
        folder(process.pid, 2 * 86_400_000),
      ]
      const sockets = await createSocketDirectory()
      await sockets.remove()
      expect([stale, young, alive].map((path) => existsSync(path))).toEqual([false, true, true])
    },
  )
})
