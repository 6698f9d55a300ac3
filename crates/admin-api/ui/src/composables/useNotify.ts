// Short messages at the edge of the page, and simple questions.
import 'element-plus/es/components/message/style/css'
import 'element-plus/es/components/message-box/style/css'
import { ElMessage, ElMessageBox } from 'element-plus'
import { wordsOf } from '@/format/problems'
import { translate } from '@/i18n'
import { asApiError } from './useLoad'

export function done(message: string): void {
  ElMessage({ message, type: 'success', grouping: true, duration: 3000 })
}

export function failed(cause: unknown): void {
  const error = asApiError(cause)
  const details = error.fields.map(({ field, message }) => `${field}: ${message}`).join('; ')
  ElMessage({ message: details === '' ? wordsOf(error) : details, type: 'error', grouping: true, duration: 6000, showClose: true })
}

/** Does something and says how it went; whether it went well is the answer. */
export async function attempt(action: () => Promise<unknown>, message?: string): Promise<boolean> {
  try {
    await action()
    if (message !== undefined) done(message)
    return true
  } catch (cause) {
    failed(cause)
    return false
  }
}

export async function sure(title: string, question: string, yes: string, isDangerous = false): Promise<boolean> {
  return ElMessageBox.confirm(question, title, {
    confirmButtonText: yes,
    cancelButtonText: translate('common.cancel'),
    confirmButtonType: isDangerous ? 'danger' : 'primary',
    autofocus: true,
    closeOnClickModal: false,
  }).then(
    () => true,
    () => false,
  )
}
