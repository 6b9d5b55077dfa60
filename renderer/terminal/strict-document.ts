/**
 * xterm.js writes style elements and style attributes, which the window's content policy refuses. It takes the document to work with
 * as an option: this one makes the same elements, but puts style sheets where only scripts of the app reach them
 * (`adoptedStyleSheets`) and style attributes through the object model. The policy stays as it is.
 */
export function strictDocument(real: Document): Document {
  return new Proxy(real, {
    get: (target, key) => {
      if (key === 'createElement') return (name: string) => strictElement(target, name)
      const value: unknown = Reflect.get(target, key, target)
      // Methods of a document refuse to work on anything but a document.
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
  })
}

function strictElement(document: Document, name: string): HTMLElement {
  if (name === 'style') return sheetElement(document)
  const element = document.createElement(name)
  if (name === 'span') {
    element.setAttribute = (attribute: string, value: string) => {
      if (attribute === 'style') element.style.cssText = value
      else Element.prototype.setAttribute.call(element, attribute, value)
    }
  }
  return element
}

/** Stands where a style element would, and draws nothing: its text becomes a style sheet of the document while it lives. */
function sheetElement(document: Document): HTMLElement {
  const sheet = new CSSStyleSheet()
  const element = document.createElement('template')
  let text = ''
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
  Object.defineProperty(element, 'textContent', {
    get: () => text,
    set: (css: string) => {
      text = css
      sheet.replaceSync(css)
    },
  })
  element.remove = () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet)
    Element.prototype.remove.call(element)
  }
  return element
}
