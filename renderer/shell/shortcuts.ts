/** Keys as they are written in lists and hints: `Ctrl+K`, `Ctrl+Shift+L`, `?`, `Space`. Ctrl stands for Cmd on macOS. */
export type Shortcut = string

export interface KeyPress {
  readonly key: string
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly shiftKey: boolean
  readonly altKey: boolean
}

/** Does this key press mean this shortcut? A shortcut without Ctrl or Alt matches a character however it was typed. */
export function matches(shortcut: Shortcut, press: KeyPress): boolean {
  const parts = shortcut.split('+')
  const key = parts.at(-1)!
  const wanted = new Set(parts.slice(0, -1))
  if (wanted.has('Ctrl') !== (press.ctrlKey || press.metaKey) || wanted.has('Alt') !== press.altKey)
    return false
  const pressed = press.key === ' ' ? 'Space' : press.key
  if (pressed.toLowerCase() !== key.toLowerCase()) return false
  const plainCharacter = wanted.size === 0 && key.length === 1
  return plainCharacter || wanted.has('Shift') === press.shiftKey
}

/** Keys without Ctrl or Alt belong to the field or control that has the focus. */
export function isPlain(shortcut: Shortcut): boolean {
  return !/^(Ctrl|Alt)\+/.test(shortcut)
}

export function ownsPlainKeys(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return (
    target.closest(
      'input, textarea, select, [contenteditable], [role="dialog"], [role="menu"], [role="listbox"]',
    ) !== null
  )
}

export function shown(shortcut: Shortcut, platform: string): string {
  return platform === 'darwin'
    ? shortcut.replace('Ctrl', '⌘').replace('Shift', '⇧').replaceAll('+', '')
    : shortcut
}
