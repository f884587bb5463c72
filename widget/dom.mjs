// Nodes, made without markup: no text may become HTML.

const ICONS = {
  chat: 'M4 5h16v11H9l-5 4z M8 9h8 M8 12h5',
  x: 'm6 6 12 12M18 6 6 18',
  person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8z M4 20c1-4 4-6 8-6s7 2 8 6'
}

/**
 * A node: `h('p.small.soft', {lang: 'en'}, 'text', otherNode)`.
 *
 * @param {string} name a tag and classes
 * @param {...any} children attributes first, if any (those in `on...` are listeners); what is false or empty is left out
 * @returns {Element}
 */
export function h(name, ...children) {
  const [tag, ...classes] = name.split('.')
  const node = document.createElementNS(`http://www.w3.org/${/svg|path/.test(tag) ? '2000/svg' : '1999/xhtml'}`, tag)
  node.classList.add(...classes)
  const attributes = children[0]?.constructor === Object ? children.shift() : {}
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value)
    else node.setAttribute(key, value)
  }
  node.append(...children.flat().filter(Boolean))
  return node
}

/** @type {function(string): Element} */
export const icon = name => h('svg', {viewBox: '0 0 24 24', 'aria-hidden': true}, h('path', {d: ICONS[name]}))

/** @type {function(any, function(): void, string=): Element} */
export const button = (text, onclick, kind = 'plain') => h(`button.${kind}`, {type: 'button', onclick}, text)

/** @type {function(string): Element} */
export const phoneLink = number => h('a', {href: `tel:${number.replace(/[^\d+]/g, '')}`}, number)

/** @type {function(HTMLElement): void} */
export const focusOn = node => node.focus({preventScroll: true})

/** @type {function(number, function(): void): number} */
export const wait = (seconds, then) => setTimeout(then, seconds * 1000)
