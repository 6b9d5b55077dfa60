/** For tools that read TypeScript without reading Vue files; vue-tsc sees the components themselves. */
declare module '*.vue' {
  import type { DefineComponent } from 'vue'

  const component: DefineComponent
  export { component as default }
}
