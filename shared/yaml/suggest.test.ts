import { describe, expect, test } from 'vitest'
import { parameterNames } from '../experiment/parameters'
import { nearestWord } from './suggest'

describe('nearestWord', () => {
  test.each([
    ['chunkBytes', 'chunk_bytes'],
    ['losslots', 'los_slots'],
    ['rotation_periods', 'rotation_period_s'],
    ['completely_else', null],
    ['', null],
  ])('%s: %s', (word, expected) => {
    expect(nearestWord(word, parameterNames)).toBe(expected)
  })
})
