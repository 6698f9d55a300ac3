// The browser's executable comes from CHROMIUM, the server from ROTATOR_UI_URL, its program from ROTATOR_SERVER_PROGRAM, the
// upstream from MOCK_UPSTREAM_URL. `cargo xtask ui --test` sees to all of them.
import { defineConfig } from '@playwright/test'

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  // All tests share one server. What is measured comes first, by its name, while the server is new.
  workers: 1,
  fullyParallel: false,
  forbidOnly: true,
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
      // In containers there is often no user namespace for a sandbox, and no graphics card.
      args: ['--no-sandbox', '--disable-gpu'],
    },
  },
})
