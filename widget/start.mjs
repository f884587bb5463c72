// What the script does when a page loads it.

import {AdvocateChatElement} from './element.mjs'

/** The one chat of the page: its tag, or one of our own with the script's attributes; and the page's hands on it. */
function start(script) {
  const early = window.PatientAdvocate ?? []
  if (early.element) return early.element.isConnected || document.body.append(early.element)
  const chat = document.querySelector('advocate-chat') ?? document.createElement('advocate-chat')
  for (const {name, value} of script.attributes) {
    if (name.startsWith('data-') && !chat.hasAttribute(name)) chat.setAttribute(name, value)
  }
  if (!chat.dataset.site) return AdvocateChatElement.complain()
  window.PatientAdvocate = handsOn(chat)
  AdvocateChatElement.define()
  if (!chat.isConnected) document.body.append(chat)
  window.PatientAdvocate.push(...early)
  new MutationObserver(() => chat.isConnected || document.body?.append(chat)).observe(document, {childList: true, subtree: true})
}

function handsOn(chat) {
  const hands = {element: chat, push: (...commands) => commands.forEach(([name, ...values]) => hands[name](...values))}
  for (const name of ['open', 'close', 'toggle', 'reset', 'ask', 'setVisitor']) hands[name] = value => chat[name](value)
  hands.show = () => (chat.hidden = false)
  hands.hide = () => (chat.hidden = true)
  hands.on = (name, listener) => {
    chat.addEventListener(`advocate:${name}`, listener)
    return () => chat.removeEventListener(`advocate:${name}`, listener)
  }
  return hands
}

const script = globalThis.document?.currentScript
if (script && document.readyState === 'loading') document.addEventListener('DOMContentLoaded', () => start(script))
else if (script) start(script)
