// Saves the editor some reloading: opens a passage in place, tries a question without losing what is being written, and
// follows a rebuild. Without it every one of these is a link or a form. Nothing that is typed is kept in the browser.

const POLL_MS = 1500
const SHAPE_MS = 300 // slower than this, the shape of what comes is shown

/** Loads a page as a document. XMLHttpRequest parses it inertly, so no text ever passes through innerHTML. */
function load(url, {body = null} = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open(body ? 'POST' : 'GET', url)
    request.responseType = 'document'
    request.timeout = 60000
    request.onload = () => resolve({page: request.response, status: request.status})
    request.onerror = request.ontimeout = () => reject(new Error('no line'))
    request.send(body)
  })
}

function put(old, fresh) {
  const here = document.importNode(fresh, true)
  old.replaceWith(here)
  return here
}

// ---- Leaving with something unsaved ----

const touched = new Set()

addEventListener('input', event => {
  const form = event.target.closest('form[data-leaves]')
  if (form) touched.add(form)
})
addEventListener('submit', event => touched.delete(event.target))
addEventListener('beforeunload', event => {
  const isOpen = [...touched].some(form => form.isConnected)
  if (isOpen) event.preventDefault()
})

// ---- Edit a passage in place ----

addEventListener('click', async event => {
  const link = event.target.closest('a[data-swap]')
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  const id = link.dataset.swap
  try {
    const {page} = await load(link.href)
    const fresh = page?.getElementById(id)
    if (!fresh?.querySelector('form')) throw new Error('signed out, or the passage is gone')
    const here = put(document.getElementById(id), fresh)
    here.querySelector('textarea').focus()
  } catch {
    location.assign(link.href)
  }
})

// ---- Take another way to ask that is offered ----

for (const offered of document.querySelectorAll('.offered')) {
  const into = document.getElementById(offered.dataset.into)
  for (const chip of offered.querySelectorAll('.chip')) {
    const take = document.createElement('button')
    take.type = 'button'
    take.className = 'button quiet'
    take.textContent = 'Take it'
    const words = chip.textContent.trim()
    take.setAttribute('aria-label', `Take “${words}”`)
    take.addEventListener('click', () => {
      into.value = `${into.value.trimEnd()}\n${words}`.trimStart()
      chip.remove()
      into.focus()
    })
    chip.append(take)
  }
}

// ---- Try a question ----

addEventListener('submit', async event => {
  const form = event.target
  if (form.id !== 'try-form') return
  event.preventDefault()
  const asked = document.activeElement?.id
  const timer = setTimeout(showShape, SHAPE_MS)
  try {
    const {page} = await load(form.action, {body: withUnsaved(new FormData(form))})
    const fresh = page?.getElementById('try')
    if (!fresh) throw new Error('signed out')
    put(document.getElementById('try'), fresh)
    document.getElementById(asked)?.focus()
    if (asked !== 'question') document.querySelector('#try-form button').focus()
    document.getElementById('tried').scrollIntoView({block: 'nearest'})
  } catch {
    form.submit()
  } finally {
    clearTimeout(timer)
  }
})

/** Adds the words of the passage that is open, so that they are tried before they are saved. */
function withUnsaved(body) {
  const open = document.querySelector('form.passage-form')
  if (!open) return body
  body.set('passage', open.dataset.passage)
  const words = new FormData(open)
  body.set('text', words.get('text'))
  for (const tag of words.getAll('tag')) body.append('tag', tag)
  for (const day of ['effective', 'expires']) body.set(day, words.get(day))
  return body
}

function showShape() {
  const place = document.getElementById('tried')
  const shape = document.createElement('p')
  shape.className = 'waiting'
  shape.textContent = place.dataset.waiting
  place.replaceChildren(shape)
}

// ---- Follow a rebuild ----

async function follow(build) {
  try {
    const answer = await fetch(build.dataset.progress, {headers: {Accept: 'application/json'}})
    const {state, words, percent} = await answer.json()
    if (state !== 'running') {
      location.reload()
      return
    }
    document.getElementById('build-words').textContent = words
    const bar = document.getElementById('build-bar')
    if (percent === null) bar.removeAttribute('value')
    else bar.value = percent
  } catch {
    document.getElementById('build-words').textContent = 'The line is down. Trying again.'
  }
  setTimeout(follow, POLL_MS, build)
}

const build = document.getElementById('build')
if (build?.dataset.state === 'running') setTimeout(follow, POLL_MS, build)

// ---- What visitors ask: each choice is saved at once, and the next thing to do has the focus ----

addEventListener('submit', async event => {
  const form = event.target
  const card = form.closest('#checklist [data-card]')
  if (!card || form.dataset.plain) return
  event.preventDefault()
  const place = {card: card.id, at: [...document.querySelectorAll('#checklist [data-card]')].indexOf(card)}
  try {
    const {page, status} = await load(form.action, {body: new FormData(form)})
    const fresh = page?.getElementById('checklist')
    if (!fresh || status >= 500) throw new Error('signed out')
    fresh.querySelector('[autofocus]')?.removeAttribute('autofocus') // the focus is set below
    put(document.getElementById('checklist'), fresh)
    const standing = page.getElementById('standing')
    if (standing) put(document.getElementById('standing'), standing)
    sayProgress()
    focusNext(place)
  } catch {
    form.dataset.plain = 'yes'
    form.requestSubmit()
  }
})

function sayProgress() {
  const words = ['checklist-done', 'checklist-words'].map(id => document.getElementById(id)?.textContent ?? '')
  document.getElementById('checklist-said').textContent = words.join(' ')
}

/** Back to the same card while it is there, else to the one that took its place. */
function focusNext({card, at}) {
  const cards = [...document.querySelectorAll('#checklist [data-card]')]
  const same = document.getElementById(card)
  const next = same ?? cards[Math.min(at, cards.length - 1)]
  if (next?.tagName === 'DETAILS') next.open = true
  const target = next?.querySelector('[aria-invalid], [data-main]') ?? next?.querySelector('button') ?? document.querySelector('#checklist a')
  target?.focus({preventScroll: true})
  ;(next ?? target)?.scrollIntoView({block: 'nearest'})
}

// ---- On a phone the tabs are one line, which scrolls ----

document.querySelector('.site-bar [aria-current]')?.scrollIntoView({block: 'nearest', inline: 'center'})
