import { expect, it } from 'vitest'
import { runId } from './run-id'

const at = new Date('2026-11-22T21:36:59Z')

it('is sortable, readable and safe as a folder name', () => {
  expect(runId('Demo', at, () => 0)).toBe('2026-11-22-2136-demo-aaaa')
  expect(runId('  Größe & Höhe / 9..25 ', at, () => 0.999)).toBe('2026-11-22-2136-gro-e-ho-he-9-25-9999')
  expect(runId('量子', at, () => 0)).toBe('2026-11-22-2136-run-aaaa')
  expect(runId('../../etc', at, () => 0)).toMatch(/^[\w-]+$/)
  expect(runId('x'.repeat(300), at, () => 0)).toMatch(/^[\w-]{45}$/)
})
