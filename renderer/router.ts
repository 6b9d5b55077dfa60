import { createRouter, createWebHashHistory, type Router } from 'vue-router'

export const pages = [
  { path: '/lab', label: 'Lab' },
  { path: '/constellation', label: 'Constellation' },
  { path: '/experiments', label: 'Experiments' },
  { path: '/live', label: 'Live' },
  { path: '/runs', label: 'Runs' },
  { path: '/simulation', label: 'Simulation' },
  { path: '/chat', label: 'Chat' },
  { path: '/settings', label: 'Settings' },
] as const
export type PagePath = (typeof pages)[number]['path']

/** The address is behind a hash, because the window is loaded from files of the app. */
export function createConsoleRouter(): Router {
  return createRouter({
    history: createWebHashHistory(),
    routes: [
      { path: '/lab', component: () => import('./pages/lab-hosts/lab-page.vue') },
      { path: '/labs', component: () => import('./pages/labs/labs-page.vue') },
      { path: '/labs/new', component: () => import('./pages/labs/edit-lab-page.vue') },
      {
        path: '/labs/:lab/edit',
        component: () => import('./pages/labs/edit-lab-page.vue'),
        props: true,
      },
      {
        path: '/labs/:lab/hosts/:host',
        component: () => import('./pages/host/host-page.vue'),
        props: true,
      },
      { path: '/constellation', component: () => import('./pages/constellation/constellation-page.vue') },
      { path: '/experiments', component: () => import('./pages/experiments/experiments-page.vue') },
      { path: '/live', component: () => import('./pages/live/live-page.vue') },
      { path: '/runs', component: () => import('./pages/runs/runs-page.vue') },
      { path: '/runs/:runId', component: () => import('./pages/runs/run-page.vue'), props: true },
      { path: '/simulation', component: () => import('./pages/simulation/simulation-page.vue') },
      { path: '/chat', component: () => import('./pages/chat/chat-page.vue') },
      { path: '/settings', component: () => import('./pages/settings/settings-page.vue') },
      { path: '/:rest(.*)*', redirect: '/lab' },
    ],
  })
}
