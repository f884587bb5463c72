// Saved replies at the desk: found and put into the reply by keys alone. The list itself is the server's.

const inSaved = name => document.querySelector(`#saved ${name}`)

/** Where the caret is, in place of what is marked: the words can be changed before they are sent. */
function saySaved(button) {
  const reply = document.getElementById('reply')
  reply.setRangeText(button.querySelector('.saved-text').textContent, reply.selectionStart, reply.selectionEnd, 'end')
  closeDrops()
  reply.focus()
}

function findSaved() {
  const words = document.getElementById('saved-find').value.toLowerCase().split(/\s+/).filter(Boolean)
  const items = [...document.querySelectorAll('#saved .saved-list > li')]
  for (const one of items) one.hidden = !words.every(word => one.textContent.toLowerCase().includes(word))
  document.getElementById('saved-none').hidden = items.some(one => !one.hidden)
}

/** Up and down through the field and what was found. */
function stepInSaved(step) {
  const stops = [document.getElementById('saved-find'), ...document.querySelectorAll('#saved li:not([hidden]) > button')].filter(Boolean)
  const next = stops[stops.indexOf(document.activeElement) + step]
  next?.focus()
}

function isAtLineStart(field) {
  return field.selectionStart === field.selectionEnd && /(^|\n)$/.test(field.value.slice(0, field.selectionStart)) && /^(\n|$)/.test(field.value.slice(field.selectionStart))
}

KEYS.s = openSaved

function openSaved() {
  if (!document.getElementById('saved')) return
  document.getElementById('write-reply').checked = true
  drop('#saved')
}

document.addEventListener('click', event => {
  const button = event.target.closest('[data-act=say]')
  if (!button) return
  event.preventDefault()
  saySaved(button)
})

document.addEventListener('input', event => event.target.id === 'saved-find' && findSaved())

document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  const opens = event.key === '/' && event.target.id === 'reply' && singleKeys.checked && isAtLineStart(event.target)
  const step = {ArrowDown: 1, ArrowUp: -1}[event.key]
  if (opens) openSaved()
  else if (event.target.id === 'saved-find' && event.key === 'Enter') inSaved('li:not([hidden]) > button')?.click()
  else if (step && event.target.closest('#saved .card')) stepInSaved(step)
  else return
  event.preventDefault()
})
