const library = /\/@xterm\/xterm\/lib\/xterm\.mjs$/

/**
 * A Vite plugin that gives xterm.js a document that keeps the content policy (strict-document.ts). The library takes one as an
 * option, but makes its rows and its scroll bar with the window's own all the same: inside its module, `document` is therefore
 * another one.
 * @param strictDocumentFile absolute path of strict-document.ts
 */
export function strictXterm(strictDocumentFile: string) {
  const path = JSON.stringify(strictDocumentFile.replaceAll('\\', '/'))
  return {
    name: 'strict-xterm',
    transform: (code: string, id: string): string | null => {
      if (!library.test(id.replaceAll('\\', '/').replace(/\?.*$/, ''))) return null
      return (
        `import { strictDocument as __strictDocument } from ${path};\n` +
        `const document = __strictDocument(globalThis.document);\n` +
        code.replaceAll('window.document', 'document')
      )
    },
  }
}
