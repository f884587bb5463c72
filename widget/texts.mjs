// The words of the interface.

/**
 * Every text by its name, [English, Spanish]. Empty here: whoever joins the parts puts them in (see __init__.py).
 *
 * @type {Object<string, [string, string]>}
 */
export const TEXTS = {}

/**
 * The texts in one language, by name.
 *
 * @param {string} language `es`, or else English
 * @returns {Object<string, string>}
 */
export function textsIn(language) {
  return Object.fromEntries(Object.entries(TEXTS).map(([name, texts]) => [name, texts[Number(language === 'es')]]))
}

/**
 * A text with its gap filled.
 *
 * @param {string} text
 * @param {string} value put in as it is
 * @returns {string}
 */
export const fill = (text, value) => text.replace('{}', () => value)

/**
 * How many letters of a text are too many for the server. Nothing is cut: whoever typed it shortens it.
 *
 * @param {string} text
 * @param {number} [most] letters, counted in code points as the server does
 * @returns {number} 0 where it fits
 */
export const excess = (text, most = 4000) => Math.max(0, [...text].length - most)
