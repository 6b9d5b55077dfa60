import { describe, expect, it } from 'vitest'
import { isPlain, matches, shown, type KeyPress } from './shortcuts'

function press(key: string, held: Partial<KeyPress> = {}): KeyPress {
  return { key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...held }
}

describe('shortcuts', () => {
  it.each([
    ['Ctrl+K', press('k', { ctrlKey: true }), true],
    ['Ctrl+K', press('k', { metaKey: true }), true],
    ['Ctrl+K', press('K', { ctrlKey: true, shiftKey: true }), false],
    ['Ctrl+K', press('k'), false],
    ['Ctrl+Shift+D', press('D', { ctrlKey: true, shiftKey: true }), true],
    ['Ctrl+Shift+D', press('d', { ctrlKey: true }), false],
    ['?', press('?', { shiftKey: true }), true],
    ['?', press('?', { ctrlKey: true }), false],
    ['Space', press(' '), true],
    ['Ctrl+Enter', press('Enter', { ctrlKey: true }), true],
    ['F', press('f', { altKey: true }), false],
  ] as const)('%s for %o: %s', (shortcut, event, expected) => {
    expect(matches(shortcut, event)).toBe(expected)
  })

  it('knows which ones belong to a focused field', () => {
    expect(['?', 'F', 'Ctrl+K', 'Alt+1'].map(isPlain)).toEqual([true, true, false, false])
  })

  it('shows them as the platform writes them', () => {
    expect(shown('Ctrl+Shift+D', 'linux')).toBe('Ctrl+Shift+D')
    expect(shown('Ctrl+Shift+D', 'darwin')).toBe('⌘⇧D')
  })
})
