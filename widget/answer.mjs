// What stands in the log: the visitor's words, replies and their quotes.

import {button, h} from './dom.mjs'
import {personButton} from './panel.mjs'
import {safeLink, slices} from './quote.mjs'
import {fill} from './texts.mjs'
import {HOST} from './wire.mjs'

/**
 * The visitor's own words; the last child is for how the sending went.
 *
 * @param {Object<string, string>} texts
 * @param {string} text
 * @returns {Element}
 */
export function visitorNode(texts, text) {
  return h('div.item.mine', h('div.bubble', h('span.sr', `${texts.you}: `), text), h('span.small.soft'))
}

/**
 * A reply: quotes, the standing note, the fixed text, and headings to choose from.
 *
 * @param {Object<string, string>} texts
 * @param {import('./panel.mjs').Actions} actions
 * @param {object} reply
 * @param {number} seq of its event
 * @param {string} language for dates
 * @returns {Element}
 */
export function replyNode(texts, actions, {quotes, suggestions, note, message}, seq, language) {
  return h('div.item',
    h('span.sr', `${texts.assistant}: `),
    clips(texts, actions, {quotes, note, message}, language),
    quotes[0] && question(texts, actions, quotes, seq),
    suggestions[0] && h('div.stack.starters.offer', h('p.small.soft', texts.closest),
      suggestions.map(({heading, question, passage_id}) =>
        button(question || heading, () => actions.say(question || heading, passage_id))),
      personButton(texts, actions, texts.none_of_these, 'link')))
}

/**
 * What an advocate says: their own words, and apart from them what they quote.
 *
 * @param {Object<string, string>} texts
 * @param {import('./panel.mjs').Actions} actions
 * @param {{text: string, reply?: object}} body of its event
 * @param {Element} who says it
 * @param {string} language for dates
 * @returns {Element}
 */
export function advocateNode(texts, actions, {text, reply}, who, language) {
  return h('div.item.staff', who, text && h('div.bubble', text), reply && clips(texts, actions, reply, language))
}

function clips(texts, actions, {quotes, note, message}, language) {
  return [...quotes.map(quote => clip(texts, actions, quote, language)),
    note && h('div.box', h('p.small.strong', texts.good_to_know), h('p', note)),
    h(quotes[0] ? 'p.said.small.soft' : 'p.said', message)]
}

function clip(texts, {follow}, {text, highlight, source}, language) {
  const [before, marked, after] = slices(text, highlight)
  const href = safeLink(source.link, HOST)
  const date = source.reviewed && new Date(source.reviewed).toLocaleDateString(language, {dateStyle: 'long', timeZone: 'UTC'})
  return h('div.clip',
    h('p.label.small', texts.from_our_page),
    h('p.small.soft', {lang: 'en'}, source.heading || source.title),
    h('blockquote', {lang: 'en'}, before, marked && h('mark', marked), after),
    h('div.row.small.soft', date ? fill(texts.reviewed, date) : texts.not_reviewed,
      href && h('a.strong', {href, rel: 'noopener', onclick: () => follow()}, texts.read_on_page)))
}

function question(texts, {judge, person}, quotes, seq) {
  const say = helpful => {
    judge(quotes, seq, helpful)
    box.replaceChildren(h('p.small.soft', texts.needed_thanks))
    if (!helpful) person()
  }
  const yesAndNo = h('div.row', button(texts.needed_yes, () => say(true)), button(texts.needed_no, () => say(false)))
  const box = h('div.stack.starters', h('p', texts.needed), yesAndNo)
  return box
}
