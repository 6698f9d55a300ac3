// The browser's executable comes from CHROMIUM, the server from ROTATOR_UI_URL, the upstream from MOCK_UPSTREAM_URL.
import { defineConfig } from '@playwright/test'

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  // All tests share one server.
  workers: 1,
  fullyParallel: false,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  use: {
    baseURL: process.env.ROTATOR_UI_URL ?? 'http://127.0.0.1:4173',
    browserName: 'chromium',
    locale: 'en-GB',
    viewport: { width: 1360, height: 900 },
    screenshot: 'only-on-failure',
    launchOptions: {
      ...(process.env.CHROMIUM === undefined ? {} : { executablePath: process.env.CHROMIUM }),
      // In containers there is often no user namespace for a sandbox.
      args: ['--no-sandbox'],
    },
  },
})
