import { Document, isScalar, visit } from 'yaml'

/** A value as YAML, with lists of plain values (planes, jump hosts) on one line. */
export function yamlText(value: object): string {
  const document = new Document(value)
  visit(document, {
    Seq: (_, list) => {
      if (list.items.length > 0 && list.items.every((item) => isScalar(item))) list.flow = true
    },
  })
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}
