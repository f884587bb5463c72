// The words of the interface.

/**
 * The languages, the usual one first. Empty here, as the texts: whoever joins the parts puts them in (see __init__.py).
 *
 * @type {string[]}
 */
export const LANGUAGES = []

/**
 * Every text by its name, in each language.
 *
 * @type {Object<string, string[]>}
 */
export const TEXTS = {}

/**
 * The language of ours that a tag such as `es-MX` means.
 *
 * @param {string} tag
 * @returns {string} the usual one for any other
 */
export const languageOf = tag => LANGUAGES.find(one => one === tag.toLowerCase().split('-')[0]) ?? LANGUAGES[0]

/**
 * The texts in one language, by name.
 *
 * @param {string} language
 * @returns {Object<string, string>}
 */
export const textsIn = language => Object.fromEntries(Object.entries(TEXTS).map(([name, texts]) => [name, texts[LANGUAGES.indexOf(language)]]))

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
