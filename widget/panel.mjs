// The launcher and the panel, as they stand before anything is said.

import {button, h, icon} from './dom.mjs'

/**
 * What the chat does when it is used: the element's part of every node.
 *
 * @typedef {object} Actions
 * @property {function(): void} open
 * @property {function(boolean=): void} close
 * @property {function(): void} person asks for one
 * @property {function(string, string=): void} say a text, or choose a passage by its id
 * @property {function(object[], number, boolean): void} judge quotes, by their event: helpful or not
 * @property {function(): void} follow a link to the page
 * @property {function(): void} clear
 * @property {function(): void} input
 * @property {function(Event): void} submit
 * @property {function(KeyboardEvent): void} key
 */

/**
 * The nodes of the chat that change, by name. `root` holds all of them.
 *
 * @param {Object<string, string>} texts
 * @param {Actions} actions
 * @returns {Object<string, HTMLElement>}
 */
export function buildPanel(texts, actions) {
  const ui = buildParts(texts, actions)
  ui.launch = button([icon('chat'), texts.launcher, ui.badge], () => actions.open(), 'main.launch')
  ui.scroll = h('div.scroll', {tabindex: 0, role: 'group', 'aria-labelledby': 'title'}, ui.first, h('div.stack', ui.log, ui.looking, ui.writing, ui.letter))
  ui.form = h('form.write', {onsubmit: actions.submit}, h('label', h('span.sr', texts.type_question), ui.field), h('button.main', texts.send))
  ui.frame = h('div.frame',
    h('div.head', h('div', ui.title, ui.about), button([icon('x'), h('span.sr', texts.close)], () => actions.close(), 'x')),
    ui.danger, ui.calls, ui.notice, ui.scroll,
    personButton(texts, actions, [icon('person'), ui.personText], 'person'),
    ui.long, ui.form,
    h('div.base.small', h('a', {href: 'tel:911'}, texts.emergency_line), ui.clear))
  ui.panel = h('div.panel', {role: 'dialog', 'aria-labelledby': 'title', onkeydown: actions.key}, ui.frame)
  ui.root = h('div.root', {dir: texts.direction}, ui.launch, ui.panel, ui.status)
  for (const part of ['panel', 'badge', 'danger', 'calls', 'notice', 'writing', 'letter']) ui[part].hidden = true
  return ui
}

function buildParts(texts, actions) {
  const call = (number, text) => h('a.call', {href: `tel:${number}`}, text)
  return {
    title: h('h2', {id: 'title'}, texts.chat),
    about: h('p.small.soft'),
    danger: h('div.danger', {tabindex: 0}),
    calls: h('div.row.calls', call(911, texts.call_911), call(988, texts.call_988)),
    notice: h('div.box.notice.stack'),
    first: h('div.stack'),
    log: h('div.log', {role: 'log', 'aria-labelledby': 'title', 'aria-live': 'polite'}),
    looking: h('div.bars', h('i'), h('i')),
    writing: h('p.line.small'),
    letter: h('section.letter', {tabindex: -1, 'aria-labelledby': 'letter'}),
    personText: h('span'),
    field: h('textarea', {rows: 1, 'aria-describedby': 'long', placeholder: texts.type_question, enterkeyhint: 'send', oninput: actions.input}),
    long: h('p.small.wrong', {id: 'long', role: 'status'}),
    clear: button(texts.clear, actions.clear, 'link'),
    status: h('p.sr', {role: 'status'}),
    badge: h('span.count')
  }
}

/**
 * What asks for a person.
 *
 * @param {Object<string, string>} texts
 * @param {Actions} actions
 * @param {any} [text]
 * @param {string} [kind]
 * @returns {Element}
 */
export function personButton(texts, {person}, text = texts.talk_to_person, kind) {
  return button(text, () => person(), kind)
}
