// Whether the window is a phone's.
import { readonly, ref } from 'vue'

const narrow = matchMedia('(max-width: 720px)')
const isPhone = ref(narrow.matches)
narrow.addEventListener('change', (event) => (isPhone.value = event.matches))

export const useWidth = () => ({ isPhone: readonly(isPhone) })
