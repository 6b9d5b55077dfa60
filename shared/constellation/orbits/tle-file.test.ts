import { describe, expect, test } from 'vitest'
import { SkyError } from '../../contract/errors'
import { tleLines } from './testing/make-tle'
import { parseTle, tleChecksum } from './tle-file'

/** Of the verification set of "Revisiting Spacetrack Report #3". */
const vanguard = [
  '1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753',
  '2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667',
] as const
const [line1, line2] = vanguard
const fileOf = (...lines: string[]): string => lines.join('\n')

function problem(text: string): string {
  try {
    parseTle(text, 'a.tle')
  } catch (thrown) {
    if (thrown instanceof SkyError && thrown.code === 'invalid_argument') return thrown.message
    throw thrown
  }
  throw new Error('it was accepted')
}
/** The line with other text in these columns, and a checksum that fits. */
function changed(line: string, column: number, text: string): string {
  const body = line.slice(0, column) + text + line.slice(column + text.length, 68)
  return body + String(tleChecksum(body))
}

describe('files of two-line element sets', () => {
  test('with names, without, with the 0 of three-line files, with comments, with any line ends', () => {
    const bare = parseTle(fileOf(line1, line2), 'a.tle')
    expect(bare).toEqual([
      {
        name: '00005',
        catalogueNumber: '00005',
        line1,
        line2,
        epochMs: Date.UTC(2000, 0, 1) + 178.78495062 * 86_400_000,
        lineNumber: 1,
      },
    ])
    const named = parseTle(
      `\uFEFF# from somewhere\r\n\r\n0 VANGUARD 1  \r\n${line1}  \r\n${line2}\r\n\r\n`,
      'a.tle',
    )
    expect(named).toEqual([{ ...bare[0], name: 'VANGUARD 1', lineNumber: 4 }])
    expect(parseTle(fileOf('VANGUARD 1', line1, line2), 'a.tle')[0]?.name).toBe('VANGUARD 1')
  })

  test('years of two digits are of 1957 to 2056', () => {
    const year = (text: string): number =>
      new Date(parseTle(fileOf(changed(line1, 18, text), line2), 'a.tle')[0]?.epochMs ?? NaN).getUTCFullYear()
    expect(['57', '99', '00', '56'].map(year)).toEqual([1957, 1999, 2000, 2056])
  })

  test('of two sets of one satellite the later one is kept', () => {
    const at = (epochDay: number): string[] =>
      tleLines({
        catalogueNumber: 7,
        name: '',
        epochDay,
        inclinationDeg: 53,
        nodeDeg: 0,
        meanAnomalyDeg: 0,
        revolutionsPerDay: 15,
      })
    const sets = parseTle(fileOf(...at(3), ...at(9.5), ...at(4)), 'a.tle')
    expect(sets.map(({ epochMs }) => epochMs)).toEqual([Date.UTC(2026, 0, 9, 12)])
  })

  test.each([
    ['an empty file', '', /a\.tle holds no two-line element set/],
    ['a page of HTML', '<html>\n<body>404</body>\n</html>', /holds no two-line element set/],
    [
      'a wrong digit',
      fileOf(line1.replace('179.7', '178.7'), line2),
      /line 1: its checksum is 3, but its digits make 2/,
    ],
    ['a cut line', fileOf('NAME', line1, line2.slice(0, 60)), /line 3: has 60 columns instead of 69/],
    ['a long line', fileOf(`${line1}9`, line2), /line 1: has 70 columns/],
    ['a cut file', fileOf(line1, line2, line1), /line 3: the file ends after line 1/],
    [
      'two first lines',
      fileOf(line1, line1, line2),
      /line 2: should be line 2 .*; line 3: .* without its line 1/,
    ],
    ['a lone second line', line2, /line 1: is line 2 of an element set without its line 1/],
    [
      'lines of two satellites',
      fileOf(line1, changed(line2, 2, '00006')),
      /line 2: is of satellite 00006, but line 1 is of 00005/,
    ],
    ['no number', fileOf(line1, changed(line2, 8, 'nonsense')), /line 2: its inclination is "nonsense"/],
    [
      'an epoch of words',
      fileOf(changed(line1, 18, 'yesterday     '), line2),
      /line 1: its epoch is "yesterday"/,
    ],
    [
      'an inclination over 180°',
      fileOf(line1, changed(line2, 8, '234.2682')),
      /line 2: its inclination is 234\.2682°/,
    ],
    ['no motion', fileOf(line1, changed(line2, 52, ' 0.00000000')), /line 2: its mean motion is 0\.00000000/],
  ])('refuses %s', (_, text, message) => {
    expect(problem(text)).toMatch(message)
  })

  test('names the first damaged lines and counts the others', () => {
    const lines = Array.from({ length: 8 }, () => [line1, line2.slice(0, 50)]).flat()
    expect(problem(fileOf(...lines))).toMatch(/line 2: .*; line 4: .*; line 10: [^;]*; and 3 more$/)
  })
})
