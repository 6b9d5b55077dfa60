import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import type { PreflightReport } from '../contract/provisioning-api'
import { preflightCsv } from './preflight-csv'

const report: PreflightReport = {
  lab: 'testbed',
  startedAt: Date.UTC(2026, 0, 5, 12),
  finishedAt: null,
  hosts: [
    {
      host: 'nuc1',
      state: 'done',
      checks: [
        {
          id: 'disk',
          title: 'Disk space',
          status: 'failed',
          found: '212 MiB, "almost" full',
          needed: '500 MiB',
          advice: 'Remove\nsomething',
        },
      ],
      error: null,
    },
    {
      host: 'nuc2',
      state: 'done',
      checks: [],
      error: { code: 'unreachable', message: 'nuc2 did not answer', hint: 'Check it', details: {} },
    },
  ],
  pairs: [
    { from: 'nuc1', to: 'nuc2', status: 'ok', roundTripMs: 0.25, throughputMbitS: 941.5, problem: '' },
    {
      from: 'nuc2',
      to: 'nuc1',
      status: 'failed',
      roundTripMs: null,
      throughputMbitS: null,
      problem: 'dropped',
    },
  ],
}

describe('a preflight as CSV', () => {
  const rows = parse<Record<string, string>>(preflightCsv(report), { columns: true })

  it('has a row for each check, each host that could not be checked, and each pair', () => {
    expect(rows.map(({ host, check, to_host }) => [host, check, to_host])).toEqual([
      ['nuc1', 'disk', ''],
      ['nuc2', 'unreachable', ''],
      ['nuc1', 'pair', 'nuc2'],
      ['nuc2', 'pair', 'nuc1'],
    ])
  })

  it('keeps quotes, commas and lines of a text', () => {
    expect(rows[0]).toMatchObject({
      lab: 'testbed',
      started_at: '2026-01-05T12:00:00.000Z',
      found: '212 MiB, "almost" full',
      advice: 'Remove\nsomething',
    })
  })

  it('leaves empty what was not measured', () => {
    expect(
      rows.slice(2).map(({ round_trip_ms, throughput_mbit_s }) => [round_trip_ms, throughput_mbit_s]),
    ).toEqual([
      ['0.25', '941.5'],
      ['', ''],
    ])
  })
})
