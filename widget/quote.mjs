// A quote: whether it is the approved text, where its mark stands, where it links to.

import {attempt} from './wire.mjs'

/**
 * A text before, in and after its mark.
 *
 * @param {string} text
 * @param {number[]} [span] start and end, counted in code points
 * @returns {string[]} three pieces that together are the text; all in the first where the span is none of it
 */
export function slices(text, [start, end] = []) {
  const points = [...text]
  if (!(start >= 0 && start < end && end <= points.length)) return [text, '', '']
  return [points.slice(0, start), points.slice(start, end), points.slice(end)].map(part => part.join(''))
}

/**
 * An absolute web address, or null for anything that is none.
 *
 * @param {string} link
 * @param {string} [base]
 * @returns {string | null}
 */
export function safeLink(link, base) {
  const url = attempt(() => new URL(link, base))
  return /^https?:/.test(url) ? url.href : null
}

/**
 * Whether each quote is, byte for byte, the text that its digest was made of. Without `subtle` (no https) none is checked.
 *
 * @param {{text: string, sha256: string}[]} quotes
 * @param {SubtleCrypto} [subtle]
 * @returns {Promise<boolean>}
 */
export async function areSound(quotes, subtle = globalThis.crypto?.subtle) {
  for (const {text, sha256} of subtle ? quotes : []) {
    if (hex(await subtle.digest('SHA-256', new TextEncoder().encode(text))) !== sha256) return false
  }
  return true
}

/**
 * Bytes as hexadecimal digits.
 *
 * @param {ArrayBuffer | Uint8Array} bytes
 * @returns {string}
 */
export const hex = bytes => Array.from(new Uint8Array(bytes), byte => byte.toString(16).padStart(2, '0')).join('')
