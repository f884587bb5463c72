// The letter that completes a handover.

import {button, h} from './dom.mjs'
import {excess, fill} from './texts.mjs'

const MAX_NAME = 200 // of a name or a way to be reached

/**
 * The letter's form. The field `website` is a trap for robots.
 *
 * @param {Object<string, string>} texts
 * @param {object} letter
 * @param {string} letter.text what is passed on, to be changed
 * @param {string} letter.passedOn said where it was passed on already, or empty
 * @param {string} letter.share the words of the choice to share what was asked earlier
 * @param {string} [letter.name] of the visitor, as the page knows it
 * @param {string} [letter.contact]
 * @param {string} [letter.mail] the words of the choice to get a mail, where mail can leave
 * @param {function(): void} letter.onTouch told when the visitor writes
 * @param {function(): void} letter.onLater
 * @param {function(object, function(string): void): void} letter.onSend given the body to send, and where to say how it went
 * @returns {HTMLFormElement}
 */
export function letterForm(texts, {text, passedOn, share, name = '', contact = '', mail, onTouch, onLater, onSend}) {
  const words = h('textarea', {name: 'text', rows: 3})
  const mayShare = h('input', {type: 'checkbox'})
  const reach = h('input', {name: 'contact', value: contact})
  const mayMail = h('input', {type: 'checkbox', oninput: () => {
    reach.required = mayMail.checked
    reach.type = mayMail.checked ? 'email' : 'text'
  }})
  const state = h('p.small', {role: 'status'})
  const send = h('button.main', texts.send)
  const onsubmit = event => {
    event.preventDefault()
    const over = field => excess(field.value, field === words ? undefined : MAX_NAME)
    const long = [...form.elements].find(over)
    if (long) {
      state.textContent = fill(texts.long_message, over(long))
      return long.focus()
    }
    send.disabled = true
    const body = {...Object.fromEntries(new FormData(form)), share_earlier: mayShare.checked, mail_me: mayMail.checked}
    if (passedOn && words.value === text) body.text = ''
    onSend(body, said => (state.textContent = said))
  }
  const form = h('form.stack', {onsubmit, oninput: onTouch},
    h('p.small', passedOn && `${passedOn}. `, texts.optional),
    h('label', texts.letter_words, words),
    h('label', texts.letter_name, h('input', {name: 'name', autocomplete: 'name', value: name})),
    h('label', texts.letter_contact, reach),
    h('label.check', mayShare, share),
    mail && h('label.check', mayMail, mail),
    h('div.sr', {'aria-hidden': true}, h('input', {name: 'website', tabindex: -1, autocomplete: 'off'})),
    h('div.row', send, button(texts.later, onLater, 'link'), state))
  words.value = text
  return form
}
