// Copying text, also where the page is not served over HTTPS.
import { done, failed } from './useNotify'
import { translate } from '@/i18n'

export async function copy(text: string): Promise<void> {
  try {
    if (navigator.clipboard !== undefined) await navigator.clipboard.writeText(text)
    else copyByCommand(text)
    done(translate('common.copied'))
  } catch (cause) {
    failed(cause)
  }
}

function copyByCommand(text: string): void {
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'offscreen'
  // Inside a dialog the focus may not leave it.
  const place = document.activeElement?.closest('[role="dialog"]') ?? document.body
  place.append(area)
  area.select()
  const isDone = document.execCommand('copy')
  area.remove()
  if (!isDone) throw new Error(translate('common.copyFailed'))
}
