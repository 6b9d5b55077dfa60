import { describe, expect, it } from 'vitest'
import { externalLink } from './external-links'

describe('externalLink', () => {
  it('lets pages of the list through', () => {
    expect(externalLink('https://arxiv.org/abs/2505.14427')).toBe('https://arxiv.org/abs/2505.14427')
  })

  it.each([
    'http://arxiv.org/abs/2505.14427',
    'https://arxiv.org.evil.example/',
    'https://arxiv.org@evil.example/',
    'https://user:secret@arxiv.org/',
    'https://arxiv.org:8443/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'smb://arxiv.org/share',
    'arxiv.org',
    '',
  ])('refuses %j', (address) => {
    expect(externalLink(address)).toBeNull()
  })
})
