// The screens and their addresses.
import { watch } from 'vue'
import { createRouter, createWebHistory } from 'vue-router'
import { translate } from './i18n'
import { useConnection } from './stores/connection'
import { useSession } from './stores/session'

declare module 'vue-router' {
  interface RouteMeta {
    /** The message that names the screen. */
    title: string
    isPublic?: boolean
  }
}

export const router = createRouter({
  history: createWebHistory(),
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  routes: [
    { path: '/login', name: 'login', component: () => import('./views/LoginView.vue'), meta: { title: 'session.title', isPublic: true } },
    { path: '/', name: 'overview', component: () => import('./views/OverviewView.vue'), meta: { title: 'nav.overview' } },
    { path: '/services', name: 'services', component: () => import('./views/ServicesView.vue'), meta: { title: 'nav.services' } },
    {
      path: '/services/:id(\\d+)/:tab(keys|connect|settings)?',
      name: 'service',
      component: () => import('./views/ServiceView.vue'),
      meta: { title: 'nav.services' },
    },
    { path: '/client-keys', name: 'client-keys', component: () => import('./views/ClientKeysView.vue'), meta: { title: 'nav.clientKeys' } },
    { path: '/usage', name: 'usage', component: () => import('./views/UsageView.vue'), meta: { title: 'nav.usage' } },
    { path: '/playground', name: 'playground', component: () => import('./views/PlaygroundView.vue'), meta: { title: 'nav.playground' } },
    { path: '/requests', name: 'requests', component: () => import('./views/RequestsView.vue'), meta: { title: 'nav.requests' } },
    { path: '/audit', name: 'audit', component: () => import('./views/AuditView.vue'), meta: { title: 'nav.audit' } },
    { path: '/nodes', name: 'nodes', component: () => import('./views/NodesView.vue'), meta: { title: 'nav.nodes' } },
    { path: '/settings/:tab?', name: 'settings', component: () => import('./views/SettingsView.vue'), meta: { title: 'nav.settings' } },
    { path: '/:rest(.*)*', name: 'not-found', component: () => import('./views/NotFoundView.vue'), meta: { title: 'common.notFound' } },
  ],
})

router.beforeEach(async (to) => {
  const session = useSession()
  if (!session.isKnown) {
    // While the server is away nobody can tell; the page then waits instead of asking for a password.
    await session.restore().catch(() => waitForServer(session.restore))
  }
  if (to.meta.isPublic) return session.session === null ? true : { name: 'overview' }
  return session.session === null ? { name: 'login', query: to.path === '/' ? {} : { to: to.fullPath } } : true
})

router.afterEach((to) => {
  document.title = `${translate(to.meta.title)} · API Key Rotator`
})

// A screen whose file does not come: the build was replaced, and the page is read anew, once; or the server is away.
router.onError(async (error, to) => {
  if (!/dynamically imported module|module script failed|preload CSS/i.test(String(error))) return
  const connection = useConnection()
  await connection.look()
  if (!connection.isReached) {
    // A page that is read now would be the browser's error; this one stays, and the screen is opened as soon as it can be.
    wanted = to.fullPath
    const stop = watch(
      () => connection.epoch,
      () => {
        stop()
        if (wanted === to.fullPath) location.assign(wanted)
      },
    )
    return
  }
  if (sessionStorage.getItem('rotator-reread') === to.fullPath) return
  sessionStorage.setItem('rotator-reread', to.fullPath)
  location.assign(to.fullPath)
})

/** The screen that waits for the server. */
let wanted: string | null = null
router.beforeEach(() => void (wanted = null))

function waitForServer(restore: () => Promise<void>): Promise<void> {
  const connection = useConnection()
  connection.reached(false)
  return new Promise((resolve) => {
    const stop = watch(
      () => connection.epoch,
      () => {
        void restore().then(() => {
          stop()
          resolve()
        })
      },
    )
  })
}
