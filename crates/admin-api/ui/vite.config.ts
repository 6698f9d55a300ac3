import { fileURLToPath } from 'node:url'
import VueI18nPlugin from '@intlify/unplugin-vue-i18n/vite'
import vue from '@vitejs/plugin-vue'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import Components from 'unplugin-vue-components/vite'
import { type ProxyOptions } from 'vite'
import { defineConfig } from 'vitest/config'
import { contentSecurityPolicy } from './dev/policy'

const server = process.env.ROTATOR_SERVER ?? 'http://127.0.0.1:8000'
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const proxied: ProxyOptions = { target: server, changeOrigin: false }
const proxy = Object.fromEntries(['/api/', '/llm/', '/proxy/', '/docs', '/healthz', '/readyz'].map((path) => [path, proxied]))

export default defineConfig({
  plugins: [
    vue(),
    // Messages are compiled here; the page then needs no compiler and no `eval`. Tests make up some of their own.
    VueI18nPlugin({ include: here('./src/locales/**/*.json'), runtimeOnly: true, dropMessageCompiler: process.env.VITEST === undefined, compositionOnly: true, fullInstall: false }),
    Components({ dirs: [], dts: 'src/components.d.ts', resolvers: [ElementPlusResolver({ importStyle: 'css' })] }),
  ],
  resolve: { alias: { '@': here('./src') } },
  optimizeDeps: { include: ['element-plus/es', 'element-plus/es/components/*/style/css'] },
  define: { __VUE_I18N_FULL_INSTALL__: false, __VUE_I18N_LEGACY_API__: false },
  server: { host: '127.0.0.1', port: 5173, proxy },
  preview: { host: '127.0.0.1', port: 4173, proxy, headers: { 'content-security-policy': contentSecurityPolicy } },
  build: {
    target: 'es2022',
    // The folder above is always there, for the build of the server to watch.
    outDir: 'dist/web',
    // A data: address would need a wider Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      output: {
        manualChunks: (id) => (/node_modules\/(@?vue|vue-router|vue-i18n|@intlify|pinia|@vueuse)\b/.test(id) ? 'vue' : undefined),
      },
    },
  },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
})
