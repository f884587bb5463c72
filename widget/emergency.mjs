// Plain signs of an emergency, for when the server cannot judge. They are taken from the policy's rules.

/** The signs: empty here, whoever joins the parts puts them in (see __init__.py). `server/core/matching/plain_signs.py` says how they read. */
export const SIGNS = ''

/**
 * What tells whether a text shows one of the signs. It would rather say so once too often.
 *
 * @param {string} [signs] one a line
 * @returns {function(string): boolean}
 */
export function judgeBy(signs = SIGNS) {
  const expressions = signs.split('\n').filter(Boolean).map(sign => sign.split('&').map(expression))
  return text => {
    const plain = ` ${text} `.normalize('NFD').replace(/\p{M}|['’]/gu, '').toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ' ').replace(/can ?not /g, 'cant ')
    return expressions.some(parts => parts.every(part => part.test(plain)))
  }
}

function expression(part) {
  const exact = part.replace(/[^ ~|_]+/g, word => (word.length > 3 ? word : `${word}(?=_)`))
  const steps = exact.replaceAll(' ', ')[^ ]* (').replaceAll('~', ')[^ ]*( [^ ]+){0,4} (')
  return new RegExp(` (${steps})`.replaceAll('_', ' '))
}
